"""The inverted index in memory: which series carry which labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from watchkeeper.keeper.steady import steady
from watchkeeper.keeper.store.errors import BadMatcher
from watchkeeper.keeper.store.series import Labels, Matcher

Pair = tuple[str, str]


class Index:
    """Labels by ref and refs by label; not locked: its owner is."""

    def __init__(self) -> None:
        self._labels: dict[int, Labels] = {}
        self._refs: dict[Labels, int] = {}
        self._postings: dict[str, dict[str, set[int]]] = {}
        self._pairs: dict[Pair, Pair] = {}  # one tuple per distinct pair: series share most of theirs

    def __len__(self) -> int:
        return len(self._labels)

    def __contains__(self, ref: int) -> bool:
        return ref in self._labels

    def refs(self) -> list[int]:
        """Return all refs."""
        return list(self._labels)

    def ref(self, labels: Labels) -> int | None:
        """Return the ref of a series, or None when it is unknown."""
        return self._refs.get(labels)

    def labels(self, ref: int) -> Labels:
        """Return the labels of a known ref."""
        return self._labels[ref]

    def add(self, ref: int, labels: Labels) -> None:
        """Enter a new series."""
        shared = tuple(self._pairs.setdefault(pair, pair) for pair in labels)
        self._labels[ref] = shared
        self._refs[shared] = ref
        for name, value in shared:
            self._postings.setdefault(name, {}).setdefault(value, set()).add(ref)

    def remove(self, ref: int) -> None:
        """Forget a series."""
        labels = self._labels.pop(ref)
        del self._refs[labels]
        for name, value in labels:
            self._drop_posting(ref, name, value)

    def find(self, matchers: Sequence[Matcher]) -> list[int]:
        """Return the refs that satisfy every matcher, sorted by labels."""
        found: set[int] | None = None
        # Those that must be among them first, so that few are left to take others from.
        for wanted, refs in sorted(map(self._candidates, matchers), key=_by_wish):
            if not wanted:
                found = (set(self._labels) if found is None else found) - refs
            else:
                found = refs if found is None else found & refs
        return sorted(self._labels if found is None else found, key=self._labels.__getitem__)

    def names(self, refs: Iterable[int] | None = None) -> list[str]:
        """Return the sorted label names, of all series or of these."""
        if refs is None:
            return sorted(self._postings)
        return sorted({name for ref in refs for name, _ in self._labels[ref]})

    def values(self, name: str, refs: Iterable[int] | None = None) -> list[str]:
        """Return the sorted values of a label, of all series or of these."""
        if refs is None:
            return sorted(self._postings.get(name, ()))
        return sorted({value for ref in refs for key, value in self._labels[ref] if key == name})

    def _candidates(self, matcher: Matcher) -> tuple[bool, set[int]]:
        """Return (True, refs that match), or (False, refs that do not) when an absent label matches."""
        values = self._postings.get(matcher.name, {})
        if matcher.op == "=" and matcher.value:  # most are
            return True, values.get(matcher.value, set())
        accepts = acceptor(matcher)
        wanted = not accepts("")
        picked = [refs for value, refs in values.items() if accepts(value) == wanted]
        return wanted, set().union(*picked)

    def _drop_posting(self, ref: int, name: str, value: str) -> None:
        values = self._postings[name]
        values[value].discard(ref)
        if values[value]:
            return
        del values[value]
        self._pairs.pop((name, value), None)
        if not values:
            del self._postings[name]


def _by_wish(candidates: tuple[bool, set[int]]) -> bool:
    return not candidates[0]


def acceptor(matcher: Matcher) -> Callable[[str], bool]:
    """Return the test of a matcher's values; raises BadMatcher."""
    value = matcher.value
    if matcher.op == "=":
        return value.__eq__
    if matcher.op == "!=":
        return value.__ne__
    try:
        fits = steady(re.compile(value, re.DOTALL)).fullmatch
    except (re.error, OverflowError, RecursionError) as error:
        raise BadMatcher(f"{matcher.name}{matcher.op}{value!r}: {error}") from error
    if matcher.op == "=~":
        return lambda text: fits(text) is not None
    if matcher.op == "!~":
        return lambda text: fits(text) is None
    raise BadMatcher(f"unknown operator {matcher.op!r}")
