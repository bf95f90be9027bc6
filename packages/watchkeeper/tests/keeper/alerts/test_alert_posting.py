"""Alerts as they are posted, and how one joins another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import Alert, AlertInvalid, Posted
from watchkeeper.keeper.alerts.posting import MOST_BYTES, accepted, joined

NOW = 1000.0
LABELS = {"alertname": "A"}
times = st.integers(0, 60).map(float)


def test_an_alert_without_times_starts_now_and_ends_by_timeout() -> None:
    alert = accepted(Posted(LABELS), NOW, 300.0)
    assert (alert.starts_at, alert.ends_at, alert.timed) == (NOW, NOW + 300, True)


def test_an_alert_with_an_end_alone_starts_at_its_end() -> None:
    alert = accepted(Posted(LABELS, ends_at=900.0), NOW, 300.0)
    assert (alert.starts_at, alert.ends_at, alert.timed) == (900.0, 900.0, False)


def test_empty_labels_do_not_count() -> None:
    assert accepted(Posted({"a": "", "b": "c"}), NOW, 1.0).labels == (("b", "c"),)


@pytest.mark.parametrize(
    ("posted", "reason"),
    [
        (Posted({}), "at least one label"),
        (Posted({"a": ""}), "at least one label"),
        (Posted(LABELS, starts_at=10.0, ends_at=9.0), "start time must be before end time"),
        (Posted({"": "x"}), "invalid label set"),
        (Posted({"a": "\ud800"}), "invalid label set"),
        (Posted(LABELS, {"a": "x" * (MOST_BYTES + 1)}), "invalid annotation set"),
        (Posted({"a": "x" * (1 << 20)}), "invalid label set"),
    ],
)
def test_what_cannot_be_an_alert_is_refused_with_its_reason(posted: Posted, reason: str) -> None:
    with pytest.raises(AlertInvalid, match=reason):
        accepted(posted, NOW, 300.0)


def made(starts_at: float, ends_at: float, updated_at: float, timed: bool = False) -> Alert:
    return Alert((("a", "b"),), (), starts_at, ends_at, "", updated_at, timed)


def test_an_alert_that_goes_on_keeps_its_first_start() -> None:
    both = joined(made(10, 100, 1), made(50, 120, 2), 60.0)
    assert (both.starts_at, both.ends_at, both.updated_at) == (10, 120, 2)


def test_an_alert_that_fires_anew_after_its_end_is_a_new_one() -> None:
    assert joined(made(10, 20, 1), made(50, 120, 2), 60.0).starts_at == 50


def test_an_end_that_a_client_told_outlives_a_later_timeout() -> None:
    told, timed = made(10, 500, 1), made(10, 300, 2, timed=True)
    assert joined(told, timed, 60.0).ends_at == 500
    assert joined(made(10, 500, 1, timed=True), made(10, 300, 2), 60.0).ends_at == 300


@given(times, times, times, times, st.booleans(), st.booleans())
def test_joining_never_loses_the_earliest_start_of_what_overlaps(
    start: float, length: float, other: float, more: float, timed: bool, first: bool
) -> None:
    """What is kept began at one of the two starts, and ends at one of the two ends."""
    old = made(start, start + length, 1, timed)
    new = made(other, other + more, 2, first)
    both = joined(old, new, 30.0)
    assert both.starts_at in (old.starts_at, new.starts_at)
    assert both.ends_at in (old.ends_at, new.ends_at)
    if both is not new:
        assert both.starts_at == min(old.starts_at, new.starts_at)
