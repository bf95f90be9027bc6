"""From the series of a target's page to the refs of the store, remembered from scrape to scrape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from watchkeeper.keeper.scrape.errors import LimitExceeded
from watchkeeper.keeper.scrape.exposition import Exemplar, parse_key
from watchkeeper.keeper.scrape.job import Limits
from watchkeeper.keeper.scrape.relabel import relabelled
from watchkeeper.keeper.scrape.target import Target
from watchkeeper.keeper.store import Labels, SeriesLimit, Store
from watchkeeper.keeper.store.series import Refs

_DROPPED = -1  # by relabelling
_REFUSED = -2  # by the store's series limit; asked again at every scrape


@dataclass(frozen=True, slots=True)
class Translated:
    """Where each sample of a page goes: `places` of those that are kept, their refs and labels."""

    places: Refs
    refs: Refs
    labels: tuple[Labels, ...]
    refused: int
    """Samples of new series that the store had no room for."""

    @property
    def relabelled(self) -> int:
        """Samples left after metric relabelling."""
        return len(self.refs) + self.refused

    def marked(self, exemplars: Mapping[int, Exemplar]) -> Iterator[tuple[Labels, Exemplar]]:
        """Yield the exemplars of the samples that are kept, with the labels of their series."""
        for place, labels in zip(self.places.tolist(), self.labels, strict=True):
            if place in exemplars:
                yield labels, exemplars[place]


class Translation:
    """The memory of one target: series text to ref and labels."""

    def __init__(self, target: Target, store: Store) -> None:
        self._target = target
        self._limits: Limits = target.job.limits
        self._own = dict(target.labels)
        self._store = store
        self._known: dict[str, tuple[int, Labels]] = {}
        self._keys: list[str] | None = None
        self._last: Translated | None = None

    def translate(self, keys: list[str]) -> Translated:
        """Return where the samples go; raises LimitExceeded, and then the whole scrape fails."""
        if keys is self._keys and self._last is not None:
            return self._last
        self._check_count(len(keys))
        known = {key: self._known.get(key) or self._resolve(key) for key in keys}
        translated = _translated([known[key] for key in keys])
        self._check_relabelled(translated.relabelled)
        # Refused series are asked for again: retention may have made room.
        self._known = {key: entry for key, entry in known.items() if entry[0] != _REFUSED}
        self._keys = keys if not translated.refused else None
        self._last = translated
        return translated

    def forget(self) -> None:
        """Ask the store again next time: it does not know some refs any more."""
        self._known, self._keys, self._last = {}, None, None

    def _resolve(self, key: str) -> tuple[int, Labels]:
        labels = self.labels_of(key)
        if labels is None:
            return _DROPPED, ()
        try:
            return self._store.ref(labels), labels
        except SeriesLimit:
            return _REFUSED, labels

    def labels_of(self, key: str) -> Labels | None:
        """Return the final labels of a series, or None when relabelling drops it."""
        name, pairs = parse_key(key)
        labels = self._merged({"__name__": name, **dict(pairs)})
        rules = self._target.job.metric_relabel
        final = relabelled(labels, rules) if rules else labels
        if not final or not final.get("__name__"):
            return None
        self._check_labels(final)
        return tuple(sorted((label, value) for label, value in final.items() if value))

    def _merged(self, labels: dict[str, str]) -> dict[str, str]:
        """Add the target's labels; on a clash the target's win and the page's become `exported_...`."""
        if self._target.job.honor_labels:
            return {**self._own, **labels}
        clashes = [name for name in labels if name in self._own]
        for name in clashes:
            exported = "exported_" + name
            while exported in labels or exported in self._own:
                exported = "exported_" + exported
            labels[exported] = labels.pop(name)
        return {**labels, **self._own}

    def _check_count(self, count: int) -> None:
        """Refuse a bomb before it costs anything: without rules, what comes in is what is left."""
        if not self._target.job.metric_relabel:
            self._check_relabelled(count)

    def _check_relabelled(self, count: int) -> None:
        if self._limits.samples and count > self._limits.samples:
            raise LimitExceeded(f"sample_limit exceeded: {count} samples, limit {self._limits.samples}")

    def _check_labels(self, labels: Mapping[str, str]) -> None:
        limits = self._limits
        if limits.labels and len(labels) > limits.labels:
            raise LimitExceeded(f"label_limit exceeded: {len(labels)} labels, limit {limits.labels}")
        for name, value in labels.items():
            if limits.label_name_length and len(name) > limits.label_name_length:
                raise LimitExceeded(f"label_name_length_limit exceeded by {name[:50]}...")
            if limits.label_value_length and len(value) > limits.label_value_length:
                raise LimitExceeded(f"label_value_length_limit exceeded by the value of {name}")


def _translated(entries: list[tuple[int, Labels]]) -> Translated:
    refs = np.array([ref for ref, _ in entries], np.int64)
    places = np.flatnonzero(refs >= 0)
    labels = tuple(labels for ref, labels in entries if ref >= 0)
    return Translated(places, refs[places], labels, int(np.count_nonzero(refs == _REFUSED)))
