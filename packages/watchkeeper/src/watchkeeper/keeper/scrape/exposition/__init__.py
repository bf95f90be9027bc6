"""Parsers of the formats that targets speak."""

from typing import Protocol

from watchkeeper.keeper.scrape.exposition.openmetrics import OpenMetricsParser
from watchkeeper.keeper.scrape.exposition.page import Family, Page
from watchkeeper.keeper.scrape.exposition.sample import Exemplar, Key, parse_key
from watchkeeper.keeper.scrape.exposition.text import TextParser

__all__ = ["Exemplar", "Family", "Key", "OpenMetricsParser", "Page", "Parser", "TextParser", "parse_key"]


class Parser(Protocol):
    """Reads the pages of one target, one after another."""

    def parse(self, text: str) -> Page:
        """Return the page; raises ExpositionError."""
        ...
