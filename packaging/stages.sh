# Stages of a test run, and the summary at its end; sourced, never run.
# shellcheck shell=bash

# What the tests need beside what building needs, as packages of Debian 12.
# shellcheck disable=SC2034
test_packages=(
    caddy chromium chromium-driver curl e2fsprogs jq libsqlite3-dev mandoc mount nginx-light prometheus python3
    python3-pytest python3-selenium python3-websocket sqlite3 strace wrk
)

stages=()
failed=0

# stage NAME COMMAND…: runs it, and goes on whatever comes of it.
stage() {
    local name=$1 begin=$SECONDS result=passed
    shift
    say "== $name"
    "$@" || { result=FAILED && failed=1; }
    stages+=("$(printf '%-28s %-7s %4d s' "$name" "$result" $((SECONDS - begin)))")
}

# skip NAME REASON: a stage that cannot run here, for whoever reads the summary.
skip() { stages+=("$(printf '%-28s %-7s %s' "$1" skipped "$2")"); }

# Prints the summary and ends the script.
end_stages() {
    printf '\n%s\n' "${stages[@]}"
    if [ "$failed" -eq 0 ]; then
        printf '\nall tests passed in %d s\n' "$SECONDS"
    else
        printf '\nTESTS FAILED\n'
    fi
    exit "$failed"
}

# Real recordings are read from $REELD_RECORDINGS, or ../shared/recordings beside the repository. Without them the tests
# that need them are skipped and said to be; REELD_RECORDINGS_REQUIRED=1 makes their absence a failure.
find_recordings() {
    # shellcheck disable=SC2154
    export REELD_RECORDINGS=${REELD_RECORDINGS:-$root/../shared/recordings}
    [ ! -d "$REELD_RECORDINGS" ] || return 0
    [ -z "${REELD_RECORDINGS_REQUIRED-}" ] || die "no real recordings in $REELD_RECORDINGS, and they are required"
    say "WARNING: no real recordings in $REELD_RECORDINGS; the tests that need them do not run"
    skip "tests on real recordings" "no $REELD_RECORDINGS"
}

# After a crash Swift's backtracer can hold the terminal for minutes; the crash itself is told without it.
export SWIFT_BACKTRACE=enable=no
