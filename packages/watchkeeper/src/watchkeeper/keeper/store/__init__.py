"""Samples by series and rows of state changes, kept in one folder."""

from watchkeeper.keeper.store.errors import (
    BadMatcher,
    ChunkCorrupt,
    SeriesLimit,
    StoreClosed,
    StoreError,
    StoreLocked,
    StoreUnwritable,
    TooManySamples,
)
from watchkeeper.keeper.store.flips import Flip, Flips
from watchkeeper.keeper.store.series import STALE, STALE_BITS, Labels, Matcher, Series, is_stale, labels_of
from watchkeeper.keeper.store.stats import Ingested, StoreStats
from watchkeeper.keeper.store.store import FILE, Store
from watchkeeper.keeper.store.structure import FINE, structures
from watchkeeper.keeper.store.verifying import Damage, Progress, Verified

__all__ = [
    "FILE",
    "FINE",
    "STALE",
    "STALE_BITS",
    "BadMatcher",
    "ChunkCorrupt",
    "Damage",
    "Flip",
    "Flips",
    "Ingested",
    "Labels",
    "Matcher",
    "Progress",
    "Series",
    "SeriesLimit",
    "Store",
    "StoreClosed",
    "StoreError",
    "StoreLocked",
    "StoreStats",
    "StoreUnwritable",
    "TooManySamples",
    "Verified",
    "is_stale",
    "labels_of",
    "structures",
]
