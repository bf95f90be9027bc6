"""How much is copied, by each rule."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copybot.model import MICRO
from copybot.settings import SettingsError, SizingSettings
from copybot.sizing import sizing_of, sold_share
from copybot.sizing.rules import read_tiers


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"mode": "fixed", "fixed": 7}, 7),
        ({"mode": "proportional", "ratio": "0.2"}, 10),
        ({"mode": "percent", "percent": "0.03"}, 30),
        ({"mode": "tiered", "tiers": "0-50:1,50-100:0.5,100+:0.1"}, 25),
        ({"mode": "kelly", "kelly_edge": "0.05", "kelly_fraction": "0.25", "kelly_cap": "1"}, 25),
        ({"mode": "kelly", "kelly_edge": "0.05", "kelly_fraction": "0.25", "kelly_cap": "0.01"}, 10),
        ({"mode": "fixed", "fixed": 5000, "max_order": 40}, 40),
        ({"mode": "proportional", "ratio": "0.001"}, 1),
        ({"mode": "proportional", "ratio": "0.001", "round_up": False}, 0),
    ],
)
def test_each_rule_spends_what_it_says(fill: Any, words: dict[str, Any], expected: int) -> None:
    """A fill of 100 shares at 0.50 is worth $50; the portfolio $1000."""
    assert sizing_of(SizingSettings(**words)).wanted(fill(), 1000 * MICRO) == expected * MICRO


@given(
    st.integers(1, 999_999),
    st.integers(1, 10**15),
    st.sampled_from(["fixed", "proportional", "percent", "tiered", "kelly"]),
)
def test_no_rule_leaves_its_bounds(price: int, size: int, mode: Any) -> None:
    """Nothing, or between the least and the most."""
    from copybot.model import Fill

    fill = Fill("0xa", "0xb", "1", "0xc", "BUY", price, size, 0)
    wanted = sizing_of(SizingSettings(mode=mode, min_order=2, max_order=50)).wanted(fill, 10**12)
    assert wanted == 0 or 2 * MICRO <= wanted <= 50 * MICRO


@pytest.mark.parametrize("text", ["10", "a-b:1", "5-1:1", "0-1:-2", "-5+:1", "1-2-3:4"])
def test_tiers_that_make_no_sense_are_refused(text: str) -> None:
    """The error shows an example."""
    with pytest.raises(SettingsError, match="for example"):
        read_tiers(text)


def test_a_sale_is_judged_by_what_the_leader_held(fill: Any) -> None:
    """A quarter of their holding is a quarter of ours; where it is not known, all goes."""
    assert sold_share(fill(side="SELL", size=25), 100) == Decimal("0.25")
    assert sold_share(fill(side="SELL", size=25), 0) == 1
