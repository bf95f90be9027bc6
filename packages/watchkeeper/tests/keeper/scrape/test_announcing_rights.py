"""Whoever may make the keeper scrape an address must be known, as for every write."""

from __future__ import annotations

import pytest

from watchkeeper.keeper.web.users.policy import Policy, wanted


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_announcing_and_withdrawing_want_the_right_of_programs_that_send_data(method: str) -> None:
    """A token that may only read cannot add targets, nor take them out."""
    assert wanted(method, "/api/v1/targets") == "ingest"


def test_off_loopback_nobody_has_that_right_unasked() -> None:
    open_door = Policy(loopback=False)
    assert not open_door.programs_are_free(users=False)
    assert "ingest" not in open_door.anonymous_rights(users=False)


def test_looking_at_targets_is_reading() -> None:
    assert wanted("GET", "/api/v1/targets") == wanted("GET", "/api/v1/targets/metadata") == "read"
