"""A token acknowledges one group, for a while, and nothing else."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.notify.errors import TokenInvalid
from watchkeeper.keeper.notify.tokens import VALID_SECONDS, Tokens, group_name

TOKENS = Tokens(b"k" * 32)
GROUP = '{}:{alertname="Down"}'


def test_a_token_names_its_group_while_it_is_fresh() -> None:
    """It is read back for seven days, and fits under a Telegram button."""
    token = TOKENS.sign(GROUP, 1000.0)
    assert TOKENS.read(token, 1000.0 + VALID_SECONDS) == group_name(GROUP)
    assert len(f"ack:{token}") <= 64
    with pytest.raises(TokenInvalid, match="too old"):
        TOKENS.read(token, 1002.0 + VALID_SECONDS)


def test_the_escalation_of_a_group_is_acknowledged_with_it() -> None:
    """Whoever takes the page of an escalation takes the group."""
    assert group_name(f"{GROUP}/escalation") == group_name(GROUP)


@given(st.integers(0, 31), st.integers(1, 63))
def test_a_changed_token_is_refused(place: int, change: int) -> None:
    """No sign of a token can be another one."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = TOKENS.sign(GROUP, 1000.0)
    other = alphabet[(alphabet.index(token[place]) + change) % 64]
    with pytest.raises(TokenInvalid):
        TOKENS.read(token[:place] + other + token[place + 1 :], 1000.0)


@given(st.text(max_size=60))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    """Nothing but TokenInvalid comes of what anybody may send."""
    with pytest.raises(TokenInvalid):
        TOKENS.read(text, 1000.0)


def test_the_key_stays_and_is_the_users_alone(tmp_path: Path) -> None:
    """A restart reads the same key; a file that a crash left empty is made anew; nobody else may read."""
    path = tmp_path / "ack.key"
    path.write_bytes(b"")
    first = Tokens.open(path)
    assert Tokens.open(path) == first and len(first.key) == 32
    assert path.stat().st_mode & 0o077 == 0
