"""A machine that is switched off and on again: its credential still opens the store."""

from pathlib import Path

from machine import CREDENTIAL, events, install, is_up, journal, message_id, record, step, unit, until

KEPT = Path("/root/kept")

if not KEPT.exists():
    with step("the first start makes a key, encrypts it to this machine, and says where it is"):
        install()
        assert is_up()
        assert b"reeld-key-1-" not in CREDENTIAL.read_bytes()
        (told,) = journal(f"MESSAGE_ID={message_id('A key was made for the new store')}")
        assert told["REELD_FILE"] == str(CREDENTIAL)
    with step("a recording is made"):
        record()
        KEPT.write_text(repr(events(1)))
else:
    with step("after the machine was off the same credential opens the store, and all is there"):
        until("it runs", is_up)
        assert repr(events(1)) == KEPT.read_text()
        assert not Path("/etc/reeld/store.key").exists() and unit("NRestarts") == "0"
