"""A demo run is good only if everything that it promises was seen."""

from dataclasses import replace
from typing import Any

import pytest

from fleet.account import Account
from fleet.faults import FaultSeen
from fleet.summary import BotSeen, Summary

PAGES = {"telegram": 2, "slack": 2, "pagerduty": 2, "smtp": 2}
COUNTS = {"frames": 200, "swaps": 300, "executions": 9}
MONEY = Account("ETH", 10**18, {"profit": 10**17}, {"profit": 10**17})
ARBBOT = BotSeen("arbbot", COUNTS, ("frames", "swaps"), True, MONEY)
COPYBOT = BotSeen(
    "copybot", {"fills": 9}, ("fills",), False, Account("USD", 10**6, {"profit": -5}, {"profit": -5})
)
GOOD = Summary(
    seconds=60.0, bots=(ARBBOT, COPYBOT), alerts=0, state="healthy", components={"arbbot/feed": "healthy"}
)
FAULT = FaultSeen("feed_gap", "arbbot/feed", 1.0, 5.0, "gap")


def test_a_run_in_which_all_was_seen_has_no_problem() -> None:
    """Also where faults were injected, noticed and recovered from; a copy bot may lose."""
    assert GOOD.problems() == []
    assert replace(GOOD, faults=(FAULT,), alerts=2, pages=PAGES).problems() == []
    quiet = replace(GOOD, faults=(FAULT,), alerts=2, pages=PAGES | {"smtp": 0})
    assert quiet.problems() == ["no page on smtp"]


@pytest.mark.parametrize(
    "change",
    [
        {"alerts": 1, "pages": PAGES}, {"components": {}}, {"components": {"arbbot/feed": "degraded"}},
        {"killed": ("keeper",)}, {"faults": (replace(FAULT, noticed_after=None),)},
        {"faults": (replace(FAULT, recovered_after=None),)},
        {"bots": (replace(ARBBOT, counts=COUNTS | {"swaps": 0}),)},
        {"bots": (replace(ARBBOT, account=Account("ETH", 1, {"profit": 0}, {"profit": 0})),)},
        {"bots": (replace(ARBBOT, account=Account("ETH", 1, {"profit": 3}, {"profit": 2})),)},
        {"bots": (replace(COPYBOT, account=Account("USD", 1)),)},
    ],
)  # fmt: skip
def test_each_thing_that_is_missing_is_a_problem(change: dict[str, Any]) -> None:
    """One missing thing is enough to fail the run: a figure that differs by one, too."""
    assert len(replace(GOOD, **change).problems()) == 1


def test_the_summary_as_json_keeps_every_integer_exact() -> None:
    """Money is decimal text: no reader may round it. The arbitrage bot's figures stand at the top, too."""
    money = Account("ETH", 10**18, {"profit": 10**20 + 1}, {"profit": 10**20 + 1})
    row = replace(GOOD, bots=(replace(ARBBOT, account=money), COPYBOT)).as_json()
    assert (row["frames"], row["profit_wei"]) == (200, "100000000000000000001")
    assert row["profit_eth"] == "100.000000000000000001"
    assert row["bots"]["copybot"]["money"]["ledger"] == {"profit": "-5"}
    assert row["bots"]["copybot"]["fills"] == 9
    assert row["ok"] is True
