"""What can go wrong in the store."""


class StoreError(Exception):
    """Root of the store's errors."""


class StoreLocked(StoreError):
    """Another keeper holds the data folder."""


class StoreClosed(StoreError):
    """The store was used after `close`."""


class StoreUnwritable(StoreError):
    """The disk refused a write (full, read-only, failing); nothing that was stored is lost."""


class StoreDamaged(StoreUnwritable):
    """The file's structure is broken; the store rebuilds it from what can be read."""


class ChunkCorrupt(StoreError):
    """A stored chunk does not match its checksum or its form."""


class SeriesLimit(StoreError):
    """The store holds as many series as it may; a new one was refused."""


class TooManySamples(StoreError):
    """A selection would load more samples than its caller allows."""


class BadMatcher(StoreError):
    """A matcher has an unknown operator or a broken regular expression."""
