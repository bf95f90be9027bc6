"""The fast path: a page of the same shape as the one before only brings new values."""

from __future__ import annotations

from itertools import compress
from operator import ne

from watchkeeper.keeper.scrape.exposition.page import Page


class Shape:
    """The lines of a page, and where its values stand; lines that stay cost 0.04 us, others 0.4 us each."""

    def __init__(self, lines: list[str], page: Page) -> None:
        samples = [place for place, line in enumerate(lines) if _is_sample(line)]
        heads = [lines[place].rpartition(" ")[0] for place in samples]
        self._lines = lines
        self._page = page
        self._numbers = {place: number for number, place in enumerate(samples)}
        self.plain = not page.times and not page.exemplars and heads == page.keys
        """Every sample is `series value` with one space between: only then values can be cut off blindly."""

    def read(self, lines: list[str]) -> Page | None:
        """Return the page of these lines, or None when the shape differs or a value is odd."""
        if len(lines) != len(self._lines):
            return None
        changed = list(compress(range(len(lines)), map(ne, lines, self._lines)))
        values = self._page.values.copy()
        if not self._replace(values, changed, lines):
            return None
        self._lines = lines
        self._page = Page(self._page.keys, values, families=self._page.families)
        return self._page

    def _replace(self, values: list[float], changed: list[int], lines: list[str]) -> bool:
        """Put the new values of the changed lines in their places; tell whether nothing else has changed."""
        keys, numbers = self._page.keys, self._numbers
        for place in changed:
            number = numbers.get(place)
            head, _, text = lines[place].rpartition(" ")
            if number is None or head != keys[number] or not _is_plain(text):
                return False
            try:
                values[number] = float(text)
            except ValueError:
                return False
        return True


def _is_plain(text: str) -> bool:
    """Tell whether float() takes the text as the strict way does: it would take 1_000, too."""
    return "_" not in text and text.isascii() and text.isprintable()


def _is_sample(line: str) -> bool:
    return bool(line) and line[0] != "#"
