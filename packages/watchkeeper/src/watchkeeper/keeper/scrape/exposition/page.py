"""What a parser makes of a whole exposition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from watchkeeper.keeper.scrape.exposition.sample import Exemplar


class Family(NamedTuple):
    """What a target says about a metric."""

    type: str = "unknown"
    help: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Samples in the order of the lines: the text of each series (`parse_key` reads it) and its value.

    `keys` is the same list object as in the scrape before when the same series came in the same order.
    `times` (ms) and `exemplars` hold only the samples that have them, by position.
    """

    keys: list[str]
    values: list[float]
    times: dict[int, int] = field(default_factory=dict)
    exemplars: dict[int, Exemplar] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)
