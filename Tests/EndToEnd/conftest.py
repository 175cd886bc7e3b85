"""Fixtures: daemons on temporary stores, and the real recordings. A failure shows what the daemons logged."""

import os
from pathlib import Path

import pytest

import daemon as reeld
from events import cut

_ROOT = Path(__file__).resolve().parents[2]
_HOUSEHOLDS = pytest.StashKey[list]()


@pytest.fixture(scope="session")
def binary() -> Path:
    return reeld.binary()


def _household(request, binary):
    household = reeld.Household(binary)
    request.session.stash.setdefault(_HOUSEHOLDS, []).append(household)
    yield household
    request.session.stash[_HOUSEHOLDS].remove(household)
    household.close()


@pytest.fixture
def household(request, binary):
    """Makes daemons for one test."""
    yield from _household(request, binary)


@pytest.fixture(scope="module")
def shared_household(request, binary):
    """Makes daemons that the tests of a file share."""
    yield from _household(request, binary)


@pytest.fixture
def daemon(household):
    return household.start()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for household in item.session.stash.get(_HOUSEHOLDS, []):
            for daemon in household.daemons:
                report.sections.append((f"log of {daemon.home}", daemon.log_text[-10_000:]))


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests of a run that look at pages."""
    from browser import Browser

    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def recordings() -> dict[str, list[bytes]]:
    """The events of every real recording, by its file's name."""
    directory = Path(os.environ.get("REELD_RECORDINGS") or _ROOT.parent / "shared" / "recordings")
    files = sorted(directory.glob("*.json"))
    if not files:
        message = f"no real recordings in {directory}; set REELD_RECORDINGS"
        if os.environ.get("REELD_RECORDINGS_REQUIRED"):
            pytest.fail(message)
        pytest.skip(message)
    return {file.name: cut(file.read_bytes()) for file in files}


@pytest.fixture(scope="session")
def own_recordings() -> Path:
    """The project's own small recordings."""
    return _ROOT / "Tests" / "Recordings"
