"""A demo run is good only if everything that it promises was seen."""

from dataclasses import replace
from typing import Any

import pytest

from fleet.summary import FaultSeen, Summary, problems

PAGES = {"telegram": 2, "slack": 2, "pagerduty": 2, "smtp": 2}
GOOD = Summary(
    seconds=60.0, frames=200, swaps=300, opportunities=20, executions=10, executions_succeeded=9,
    profit_wei=10**17, alerts=0, state="healthy", components={"feed": "healthy"},
)  # fmt: skip


def test_a_run_in_which_all_was_seen_has_no_problem() -> None:
    """Also where faults were injected, noticed and recovered from."""
    assert problems(GOOD) == ()
    fault = FaultSeen("feed_gap", "feed", 1.0, 5.0, "gap")
    pages = {"telegram": 2, "slack": 2, "pagerduty": 2, "smtp": 2}
    assert problems(replace(GOOD, faults=(fault,), alerts=2, pages=pages)) == ()
    assert problems(replace(GOOD, faults=(fault,), alerts=2, pages=pages | {"smtp": 0})) == (
        "no page on smtp",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"frames": 0}, {"swaps": 0}, {"opportunities": 0}, {"executions_succeeded": 0}, {"profit_wei": 0},
        {"profit_wei": -1}, {"alerts": 1, "pages": PAGES}, {"components": {}},
        {"components": {"feed": "degraded"}},
        {"killed": ("keeper",)}, {"faults": (FaultSeen("feed_gap", "feed", None, None, ""),)},
        {"faults": (FaultSeen("feed_gap", "feed", 1.0, None, "gap"),)},
    ],
)  # fmt: skip
def test_each_thing_that_is_missing_is_a_problem(change: dict[str, Any]) -> None:
    """One missing thing is enough to fail the run."""
    assert len(problems(replace(GOOD, **change))) == 1


def test_the_summary_as_json_keeps_wei_exact() -> None:
    """Profit is a decimal string: no reader may round it."""
    row = replace(GOOD, profit_wei=10**20 + 1).as_json()
    assert row["profit_wei"] == "100000000000000000001"
    assert row["profit_eth"] == "100.000000000000000001"
    assert row["ok"] is True
