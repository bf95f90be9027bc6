"""Alerts survive the keeper's end: a new keeper over the same store goes on where the old one was."""

from collections.abc import Callable
from typing import Any

import pytest

from watchkeeper.keeper.rules import Tolerance, restore

Make = Callable[..., Any]
MINUTE = 60_000


def rules(hold: str, more: str = "") -> str:
    rule = f"{{alert: A, expr: m == 0, for: {hold}, labels: {{severity: page}} {more}}}"
    return f"groups: [{{name: g, rules: [{rule}]}}]"


def reborn(make: Make, old: Any, text: str, minute: float, tolerance: Tolerance = Tolerance()) -> Any:  # noqa: B008
    """Return a new keeper over the old one's store, restored at a minute."""
    new = make(text, old.store)
    for memory in new.memories:
        restore(memory, new.store, int(minute * MINUTE), tolerance)
    return new


def states(outcome: Any) -> list[str]:
    return [alert.state for alert in outcome.alerts]


def lived(make: Make, text: str, minutes: int, value: float = 0) -> Any:
    k = make(text)
    for minute in range(minutes + 1):
        k.put(minute, value, job="j")
        k.at(minute)
    return k


@pytest.mark.parametrize("hold", ["2m", "30m"])
def test_a_firing_alert_fires_on_without_a_gap(keeper: Make, hold: str) -> None:
    """A restart neither ends an alert nor raises it anew: it fires since the same time."""
    old = lived(keeper, rules(hold), 31)
    new = reborn(keeper, old, rules(hold), 33)
    new.put(33, 0, job="j")
    outcome = new.at(33)
    assert states(outcome) == ["firing"]
    assert outcome.alerts[0].active_at == 0
    assert outcome.alerts[0].labels == old.memories[0].alerts[0].labels


def test_a_pending_alert_does_not_begin_anew(keeper: Make) -> None:
    """The time before the restart counts, the time while nobody looked does not."""
    old = lived(keeper, rules("5m"), 3)
    new = reborn(keeper, old, rules("5m"), 10)
    for minute in (10, 11, 12):
        new.put(minute, 0, job="j")
    assert states(new.at(10)) == ["pending"]
    assert states(new.at(11)) == ["pending"]
    assert states(new.at(12)) == ["firing"]


def test_a_long_hold_leaves_the_grace_period(keeper: Make) -> None:
    """With `for` of the grace period or more, nothing fires sooner than the grace period after the start."""
    old = lived(keeper, rules("20m"), 19)
    new = reborn(keeper, old, rules("20m"), 20, Tolerance(grace=10 * MINUTE))
    found = {}
    for minute in range(20, 31):
        new.put(minute, 0, job="j")
        found[minute] = states(new.at(minute))
    assert found[29] == ["pending"]
    assert found[30] == ["firing"]


def test_an_alert_that_ended_meanwhile_is_resolved_after_the_store_had_time_to_fill(keeper: Make) -> None:
    """Two evaluations keep what is not seen; the third resolves it, and its series end."""
    old = lived(keeper, rules("1m"), 5)
    new = reborn(keeper, old, rules("1m"), 12)
    for minute in (12, 13, 14, 15):
        new.put(minute, 1, job="j")
    assert states(new.at(12)) == ["firing"]
    assert states(new.at(13)) == ["firing"]
    last = new.at(14)
    assert states(last) == ["resolved"]
    assert len(last.samples) == 2
    assert states(reborn(keeper, new, rules("1m"), 15).at(15)) == []


def test_what_is_older_than_the_outage_tolerance_is_forgotten(keeper: Make) -> None:
    """After too long a time nothing is known."""
    old = lived(keeper, rules("1m"), 5)
    new = reborn(keeper, old, rules("1m"), 5 + 61)
    assert new.memories[0].alerts == ()


def test_a_rule_takes_only_its_own_alerts(keeper: Make) -> None:
    """Of two rules of one name, each gets back the alerts with its own labels."""
    old = lived(keeper, rules("1m"), 5)
    other = rules("1m").replace("page", "ticket")
    assert reborn(keeper, old, other, 6).memories[0].alerts == ()
    assert len(reborn(keeper, old, rules("1m"), 6).memories[0].alerts) == 1


def test_a_kept_alert_is_kept_on(keeper: Make) -> None:
    """keep_firing_for begins again after a restart, as nobody knows when it began."""
    text = rules("0s", ", keep_firing_for: 5m")
    old = lived(keeper, text, 2)
    new = reborn(keeper, old, text, 3)
    for minute in range(3, 12):
        new.put(minute, 1, job="j")
    found = [states(new.at(minute)) for minute in range(3, 12)]
    assert found[6] == ["firing"]
    assert found[7] == ["resolved"]
