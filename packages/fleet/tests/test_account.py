"""A bot's books against its venue's ledger: equal in every integer, or not equal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.account import Account, copy_account, micro
from fleet.demo import agreed

TRUTH = {
    "cash": "9994000000", "deposited": "10000000000", "fees": "100000",
    "positions": [
        {"token_id": "1", "shares": "10000000", "price": "700000"},
        {"token_id": "2", "shares": "0", "price": "0"},
    ],
}  # fmt: skip
REPORT = {
    "cash": "9994.000000", "fees": "0.100000", "realised": "-0.900000", "positions_at_cost": "5.100000",
    "positions": [
        {"leader": "a", "token": "1", "shares": "4.000000", "cost": "2.100000"},
        {"leader": "b", "token": "1", "shares": "6.000000", "cost": "3.000000"},
    ],
}  # fmt: skip


def test_books_that_say_the_same_are_equal() -> None:
    """Lots of several leaders add up to the token's shares; the profit is what both sides arrive at."""
    account = copy_account(REPORT, TRUTH)
    assert account.equal and account.differences() == []
    assert account.profit == 1_000_000


@pytest.mark.parametrize(
    ("name", "value"),
    [("cash", "9994.000001"), ("fees", "0.1"), ("realised", "-0.899999"), ("positions", [])],
)
def test_a_millionth_is_a_difference(name: str, value: Any) -> None:
    """No tolerance: what differs is named with both figures."""
    account = copy_account(REPORT | {name: value}, TRUTH)
    assert account.equal == (name == "fees")
    assert bool(account.differences()) == (name != "fees")


def test_a_ledger_that_did_not_answer_is_not_equal() -> None:
    """Two empty sides agree in nothing."""
    assert not Account("USD", 1).equal


@given(st.integers(0, 10**15))
def test_amounts_are_read_exactly(amount: int) -> None:
    """Six decimals are millionths; a seventh is refused."""
    whole, part = divmod(amount, 10**6)
    assert micro(f"{whole}.{part:06d}") == amount
    with pytest.raises(ValueError, match="finer"):
        micro(f"{whole}.{part:06d}1")


def test_books_are_asked_until_they_agree() -> None:
    """What is under way is waited for; what never agrees is told as it was last."""
    apart, other = Account("", 1, {"profit": 1}, {"profit": 2}), Account("", 1, {"profit": 1}, {"profit": 3})
    equal = Account("", 1, {"profit": 2}, {"profit": 2})
    assert agreed(iter([apart, equal, other])) is equal
    assert agreed(iter([apart, other])) is other
    assert not agreed(iter([])).equal
