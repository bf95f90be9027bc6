"""What the keeper brings for the copy bot asks only for what the bot tells; boards show what was promised."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from copybot import watch
from watchkeeper.keeper.promql import parse
from watchkeeper.keeper.rules.pack import pack_files
from watchkeeper.keeper.slo.pack import pack_files as objective_files
from watchkeeper.keeper.web.boards.builtin import BUILT_IN

TOLD = set(re.findall(r'"(copybot_[a-z_]+)"', Path(watch.__file__).read_text()))
NAME = re.compile(r"\b(copybot_[a-z_]+)\b")


def asked(text: str) -> set[str]:
    """Return the metrics of the bot that a text names, histograms by their family."""
    return {re.sub(r"_(bucket|count|sum)$", "", name) for name in NAME.findall(text)}


@pytest.mark.parametrize("path", [*pack_files(), *objective_files()], ids=lambda path: path.name)
def test_rules_and_objectives_ask_for_metrics_that_there_are(path: Path) -> None:
    """A rule over a name that nobody writes never fires."""
    names = asked(path.read_text().replace("copybot_trades_(confirmed|failed)_total", ""))
    assert names <= TOLD
    assert bool(names) == (path.name in ("copying.yaml", "copy.yaml"))


def test_the_board_shows_what_a_copy_bot_is_judged_by() -> None:
    """Fills, refusals, exposure and loss with their limits, profit by leader, calls, 429, the breaker."""
    widgets = BUILT_IN["copying"].board.widgets
    expressions = [query.expr for widget in widgets for query in widget.queries]
    for expression in expressions:
        parse(expression)
    names = asked(" ".join(expressions))
    assert names <= TOLD
    assert names >= {
        "copybot_fills_detected_total", "copybot_orders_total", "copybot_fills_refused_total",
        "copybot_exposure_dollars", "copybot_exposure_limit_dollars", "copybot_daily_loss_ratio",
        "copybot_daily_loss_limit_ratio", "copybot_leader_profit_dollars", "copybot_api_latency_seconds",
        "copybot_api_errors_total", "copybot_breaker_paused",
    }  # fmt: skip
