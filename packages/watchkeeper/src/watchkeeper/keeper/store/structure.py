"""Whether an SQLite file is whole, in SQLite's own words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

FINE = ("ok",)
MOST_WORDS = 20


def structure_of(path: Path) -> tuple[str, ...]:
    """Return what `integrity_check` says: `ok` alone of a whole file, at most twenty words of another."""
    try:
        with closing(sqlite3.connect(path.absolute().as_uri() + "?mode=rw", uri=True, timeout=5.0)) as db:
            db.execute("PRAGMA query_only=ON")
            return tuple(str(row[0]) for row in db.execute(f"PRAGMA integrity_check({MOST_WORDS})"))
    except sqlite3.Error as error:
        return (str(error),)


def structures(folder: Path, apart: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield name and words of every SQLite file of a folder but one."""
    for path in sorted(folder.glob("*.db")):
        if path.name != apart:
            yield path.name, structure_of(path)
