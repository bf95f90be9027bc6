"""Alert windows: the workbook's table, scaled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.slo import WindowsInvalid, read_windows, windows_for
from watchkeeper.keeper.slo.lengths import seconds, written

DAY = 86_400


def table(days: int) -> list[tuple[str, str, float]]:
    windows = windows_for(days * DAY)
    pairs = (*windows.page, *windows.ticket)
    return [(written(one.short), written(one.long), one.factor(windows.period)) for one in pairs]


def test_thirty_days_have_the_workbooks_table() -> None:
    """14.4, 6, 3 and 1 over 1h and 5m, 6h and 30m, 1d and 2h, 3d and 6h."""
    assert table(30) == [("5m", "1h", 14.4), ("30m", "6h", 6), ("2h", "1d", 3), ("6h", "3d", 1)]


def test_about_thirty_days_keep_the_windows() -> None:
    """Over 28 days the factors shift, as in Sloth's table for them."""
    assert table(28) == [
        ("5m", "1h", 13.44),
        ("30m", "6h", 5.6),
        ("2h", "1d", 2.8),
        ("6h", "3d", 0.9333333333),
    ]


def test_other_periods_scale_the_windows() -> None:
    """Over 90 days each window is three times as long and the factors stay."""
    assert table(90) == [("15m", "3h", 14.4), ("1h30m", "18h", 6), ("6h", "3d", 3), ("18h", "9d", 1)]


@given(st.integers(1, 400))
def test_every_period_burns_the_same_share(days: int) -> None:
    """Factor times window over period is the budget's share; the short window is the shorter one."""
    windows = windows_for(days * DAY)
    for one in (*windows.page, *windows.ticket):
        share = one.factor(windows.period) * one.long / windows.period
        assert share * 100 == pytest.approx(one.budget_percent, rel=1e-6)
        assert 60 <= one.short <= one.long <= windows.period


def test_a_period_below_a_day_is_refused() -> None:
    """No window of whole minutes would fit."""
    with pytest.raises(WindowsInvalid, match="too short"):
        windows_for(3600)


@given(st.integers(1, 10**9))
def test_lengths_read_back(length: int) -> None:
    """What is written is read as the same length."""
    assert seconds(written(length)) == length


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: Other", "AlertWindows"),
        ("kind: AlertWindows\nspec: {sloPeriod: 30d, page: {quick: {errorBudgetPercent: 2}}}", "shortWindow"),
        ("kind: AlertWindows\nspec: {}", "sloPeriod"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    """The text names the place."""
    with pytest.raises(WindowsInvalid, match=said):
        read_windows(text)
