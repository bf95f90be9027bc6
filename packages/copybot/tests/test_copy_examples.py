"""What the examples tell people to copy is valid, and asks only for metrics that the bot has."""

from __future__ import annotations

import re
from pathlib import Path

from copybot import watch
from copybot.reading import load_settings
from copybot.rules import rules_of

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "polymarket"


def test_the_example_is_a_valid_configuration_on_paper() -> None:
    """It loads, its rules can be made, and nothing live is switched on."""
    settings = load_settings(EXAMPLES / "copybot.yaml")
    rules_of(settings)
    assert settings.execution.mode == "paper"


def test_rules_and_objectives_ask_for_metrics_that_there_are() -> None:
    """A rule over a name that nobody writes never fires."""
    known = set(re.findall(r'"(copybot_[a-z_]+)"', Path(watch.__file__).read_text()))
    for name in ("rules.yaml", "slo.yaml"):
        asked = set(re.findall(r"\b(copybot_[a-z_]+)\b", (EXAMPLES / name).read_text()))
        assert asked
        assert {re.sub(r"_(bucket|count|sum)$", "", one) for one in asked} <= known, name
