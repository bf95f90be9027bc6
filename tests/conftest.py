"""What the system tests share: real peers, found or named as missing."""

import os
import shutil
from collections.abc import Callable

import pytest

FindPeer = Callable[[str], str]


def found(name: str) -> str:
    """Return a peer's path; skip the test without it, or fail it where REQUIRE_PEERS=1."""
    path = shutil.which(name)
    if path is not None:
        return path
    reason = f"{name} is not installed: run `make peers`"
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the peers that a test's `peer` marker names."""
    for marker in item.iter_markers("peer"):
        for name in marker.args:
            found(name)


@pytest.fixture
def peer() -> FindPeer:
    """Return the function that finds a peer's path by its name."""
    return found
