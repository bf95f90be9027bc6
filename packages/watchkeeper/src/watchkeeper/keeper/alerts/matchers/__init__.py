"""Matchers: `name = != =~ !~ value`, in Alertmanager's classic and UTF-8 syntax."""

from watchkeeper.keeper.alerts.matchers.classic import classic_matcher, classic_matchers
from watchkeeper.keeper.alerts.matchers.matcher import (
    Matcher,
    Matchers,
    Operator,
    agree,
    matchers_text,
    ordered,
)
from watchkeeper.keeper.alerts.matchers.reading import read_matcher, read_matchers
from watchkeeper.keeper.alerts.matchers.utf8 import utf8_matcher, utf8_matchers

__all__ = [
    "Matcher",
    "Matchers",
    "Operator",
    "agree",
    "classic_matcher",
    "classic_matchers",
    "matchers_text",
    "ordered",
    "read_matcher",
    "read_matchers",
    "utf8_matcher",
    "utf8_matchers",
]
