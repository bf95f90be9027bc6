"""What one scrape brought, for those who want it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from watchkeeper.keeper.scrape.exposition import Exemplar
from watchkeeper.keeper.scrape.target import Target
from watchkeeper.keeper.store import Labels
from watchkeeper.keeper.store.series import Values


@dataclass(frozen=True, slots=True)
class Scraped:
    """One scrape of one target; at a failure there are no samples and `error` says why."""

    target: Target
    up: bool
    time_ms: int
    duration: float
    error: str
    labels: tuple[Labels, ...] = ()
    values: Values = field(default_factory=lambda: np.empty(0))
    exemplars: tuple[tuple[Labels, Exemplar], ...] = ()

    def __iter__(self) -> Iterator[tuple[Labels, float]]:
        """Yield (labels, value) of each sample that was kept, in the order of the page."""
        return zip(self.labels, self.values.tolist(), strict=True)

    def samples(self) -> dict[Labels, float]:
        """Return the values by labels; costs about 0.2 us per sample, so call it only when it is used."""
        return dict(self)


OnScrape = Callable[[Scraped], None]
