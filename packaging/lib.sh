# Shared by the scripts in packaging/ and .ci/; sourced, never run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What building needs beyond the Swift toolchain, as packages of Debian 12.
# shellcheck disable=SC2034
build_packages=(
    g++ git libisal-dev libsimdjson-dev libssl-dev libsystemd-dev libwslay-dev pkg-config zlib1g-dev
)

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$(basename "$0"): $*"
    exit 1
}

# Prints the comment at the head of the script that runs: its help.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs to run as root or with sudo: $*"
    fi
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Installs those of the named packages that are missing; asks apt nothing when none is.
install_packages() {
    local missing=() package
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${missing[*]}"
    command -v apt-get >/dev/null || die "no apt-get here; install by hand: ${missing[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
    as_root "${apt[@]}" update >&2
    as_root "${apt[@]}" install --no-install-recommends "${missing[@]}" >&2
}

need_swift() {
    command -v swift >/dev/null || die "no Swift toolchain in PATH; get Swift 6.2 or later from https://www.swift.org/install"
}

# Builds the daemon and prints the path of the binary; the compiler speaks on stderr.
build_reeld() {
    "$root/packaging/fetch"
    local flags=(--package-path "$root" -c release --product reeld --static-swift-stdlib)
    swift build "${flags[@]}" >&2
    printf '%s/reeld\n' "$(swift build "${flags[@]}" --show-bin-path)"
}
