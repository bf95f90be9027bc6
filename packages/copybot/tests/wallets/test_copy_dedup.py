"""Every fill once: none twice, none lost, over pages, pushes and restarts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from copybot.model import Fill
from copybot.state import State
from copybot.wallets.dedup import Recent, next_watermark, numbered
from copybot.wallets.ledger import WalletLedger

LEADER = "0x" + "a1" * 20


def test_two_fills_of_one_transaction_are_two(state: State, fill: Any) -> None:
    """Known failure: dedup on the transaction hash alone loses all but the first fill of a transaction."""
    fills = numbered([fill(price=500_000), fill(price=510_000), fill(token="9")])
    ledger = WalletLedger(state)
    ledger.follow(LEADER, 0)
    assert len(ledger.admit(fills, "poll", 0, 0)) == 3
    assert len({one.tx for one in fills}) == 1  # the naive key would keep one of them


def test_equal_fills_of_one_transaction_are_counted(state: State, fill: Any) -> None:
    """Two rows that are equal in every field are two fills, and the same two when asked again."""
    ledger = WalletLedger(state)
    ledger.follow(LEADER, 0)
    assert len(ledger.admit(numbered([fill(), fill()]), "poll", 0, 0)) == 2
    assert ledger.admit(numbered([fill(), fill()]), "poll", 1, 0) == []


def test_a_pushed_fill_that_is_polled_later_is_one(state: State, fill: Any) -> None:
    """Push and poll share one name; what the push could not tell apart, the poll adds."""
    ledger = WalletLedger(state)
    ledger.follow(LEADER, 0)
    assert len(ledger.admit([fill()], "push", 0, 0)) == 1
    assert ledger.admit([fill()], "push", 0, 0) == []  # the frame came twice
    assert len(ledger.admit(numbered([fill(), fill()]), "poll", 0, 0)) == 1  # the second equal fill


def test_a_price_rounded_the_other_way_names_the_same_fill(state: State, fill: Any) -> None:
    """One feed has 0.23589150000001, the other 0.2358915: their millionths differ by one."""
    ledger = WalletLedger(state)
    ledger.follow(LEADER, 0)
    assert ledger.admit([fill(price=235_891)], "push", 0, 0)
    assert ledger.admit(numbered([fill(price=235_892)]), "poll", 0, 0) == []
    assert len(ledger.admit(numbered([fill(tx="0x2", price=5), fill(tx="0x2", price=6)]), "poll", 0, 0)) == 2


def test_a_fill_is_known_after_a_restart(state: State, fill: Any) -> None:
    """The key lives in the rows, not in the process."""
    WalletLedger(state).follow(LEADER, 0)
    assert WalletLedger(state).admit([fill()], "push", 0, 0)
    assert WalletLedger(state).admit([fill()], "poll", 0, 0) == []


def test_what_a_leader_did_before_is_not_copied(state: State, fill: Any) -> None:
    """Known failure: old positions copied at start. The past is written, and never handed on."""
    ledger = WalletLedger(state)
    mark = ledger.follow(LEADER, 2_000)
    found = ledger.admit([fill(timestamp=1_999), fill(tx="0x2", timestamp=2_000)], "poll", 2_000, mark.since)
    assert [one.fill.timestamp for one in found] == [2_000]
    assert ledger.follow(LEADER, 9_000).since == 2_000  # a restart does not move the baseline


def test_what_was_made_during_a_poll_is_not_skipped(fill: Any) -> None:
    """Known failure: a mark at the end of the run skips what was made while it ran."""
    run_ended = 1_500
    seen = [fill(timestamp=1_400)]
    made_during_the_run = 1_450
    assert next_watermark(1_000, seen) <= made_during_the_run < run_ended


def test_the_mark_and_the_fills_are_one_transaction(state: State, fill: Any) -> None:
    """A mark that ran ahead of its fills would lose them at a crash."""
    ledger = WalletLedger(state)
    ledger.follow(LEADER, 0)
    ledger.admit([fill(timestamp=700)], "poll", 0, 0, 700)
    assert WalletLedger(state).follow(LEADER, 0).watermark == 700
    assert len(WalletLedger(state).undecided()) == 1


def test_memory_of_keys_is_bounded() -> None:
    """Known failure: unbounded caches."""
    recent = Recent(most=100)
    for number in range(10_000):
        recent.add(str(number))
    assert len(recent) == 100 and "9999" in recent and "0" not in recent


def test_forgetting_spares_what_the_next_poll_shows_again(state: State, fill: Any) -> None:
    """A leader who rests for a month is polled from the old mark: those fills must stay known."""
    ledger = WalletLedger(state)
    ledger.follow(LEADER, 0)
    found = ledger.admit([fill(timestamp=1_000), fill(tx="0x2", timestamp=100)], "poll", 0, 0, 1_000)
    for one in found:
        ledger.decide(one.fill.key, "refused", "too_old")
    assert ledger.forget(10_000, margin=300) == 1
    assert WalletLedger(state).admit([fill(timestamp=1_000)], "poll", 0, 0) == []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 50)), max_size=30), st.data())
def test_any_way_of_telling_admits_each_fill_once(truth: list[tuple[int, int, int]], data: Any) -> None:
    """Pushes in any order, repeated, and overlapping polls: the sum is what happened, no more, no less."""
    fills = [
        Fill(LEADER, f"0x{tx}", f"{token}", "0xc", "BUY", 500_000, 1_000_000 + size, 1_000)
        for tx, token, size in truth
    ]
    state = State(":memory:")
    ledger = WalletLedger(state)
    ledger.follow(LEADER, 0)
    admitted = 0
    for pushed in data.draw(st.lists(st.sampled_from(fills), max_size=20)) if fills else []:
        admitted += len(ledger.admit([pushed], "push", 0, 0))
    for end in sorted(data.draw(st.lists(st.integers(0, len(fills)), max_size=4))):
        admitted += len(ledger.admit(numbered(fills[:end]), "poll", 0, 0))
    admitted += len(ledger.admit(numbered(fills), "poll", 0, 0))
    state.close()
    assert admitted == len(fills)
