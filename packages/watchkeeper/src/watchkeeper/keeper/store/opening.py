"""Open the SQLite file: make it, check its version, rebuild it when it is damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from watchkeeper.keeper.store.errors import StoreError
from watchkeeper.keeper.store.salvage import salvage

SCHEMA_VERSION = 1
_PAGE_BYTES = 8192  # chunks of 0.5 to 3 kB leave less of a page unused than with SQLite's 4096
_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY, labels TEXT NOT NULL, crc INTEGER NOT NULL, sealed INTEGER NOT NULL, last INTEGER);
CREATE TABLE IF NOT EXISTS timelines (id INTEGER PRIMARY KEY, "end" INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chunks (
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
  samples INTEGER NOT NULL, bytes INTEGER NOT NULL, timeline INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS chunk_spans ON chunks (series, start, "end", samples, bytes);
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS corrupt (
  id INTEGER PRIMARY KEY, series INTEGER, start INTEGER, "end" INTEGER, samples INTEGER, timeline INTEGER,
  data BLOB, reason TEXT NOT NULL);
"""


def set_aside(path: Path) -> Path:
    """Rename a damaged file, with what belongs to it; return its new path."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + suffix))
    return aside


def rebuilt(aside: Path, path: Path) -> str:
    """Make a new file with all that can be read of one that was set aside; return what was done."""
    prepare(path)
    target = connect(path)
    try:
        rows, failures = salvage(aside, target)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        rows, failures = 0, 1
        if target.in_transaction:
            target.execute("ROLLBACK")
    finally:
        target.close()
    return f"{path.name} was damaged: kept as {aside.name}, {rows} rows saved, {failures} reads failed"


def prepare(path: Path) -> None:
    """Make the tables where they are missing; sqlite3.DatabaseError: it is damaged; StoreError: newer."""
    new = not path.exists()
    writer = connect(path)
    try:
        if new:
            writer.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            writer.execute("PRAGMA auto_vacuum=INCREMENTAL")
        writer.execute("PRAGMA journal_mode=WAL")
        version = writer.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{path} was written by a newer version (form {version}, known {SCHEMA_VERSION})"
            )
        if version < SCHEMA_VERSION:  # else not a byte is written: a full disk must not hinder a start
            writer.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")
    finally:
        writer.close()


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection with the settings that the store relies on."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    # FULL: a flush is on the disk when it returns, also through a power cut; about 0.2 ms per flush.
    db.execute("PRAGMA synchronous=FULL")
    db.execute("PRAGMA cache_size=-1024")
    db.execute("PRAGMA wal_autocheckpoint=256")
    db.execute("PRAGMA journal_size_limit=4194304")
    return db


def reading(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads, and that reads damaged texts, too: a checksum finds them."""
    db = connect(path)
    db.execute("PRAGMA query_only=ON")
    db.text_factory = lambda raw: raw.decode(errors="replace")
    return db
