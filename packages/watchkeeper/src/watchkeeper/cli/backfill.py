"""Read history in OpenMetrics form, line by line, and hand it on in bounded pieces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import numpy as np

from watchkeeper.cli.asking import Refused, send
from watchkeeper.keeper.remote.writing import label_fields, request
from watchkeeper.keeper.scrape import ExpositionError
from watchkeeper.keeper.scrape.exposition.sample import key_end, parse_key, parse_number
from watchkeeper.keeper.store import Labels, Store, labels_of

PIECE = 20_000
MOST_KEYS = 100_000
LATEST = 1e13  # seconds; times in milliseconds by mistake still pass
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"}
Row = tuple[Labels, int, float]


class BadFile(Exception):
    """A file that cannot be read to its end; the text names the line. What came before it was added."""


@dataclass(slots=True)
class Filled:
    """What became of a file's samples."""

    samples: int = 0
    stored: int = 0
    problems: list[str] = field(default_factory=list)


def into_folder(file: Path, folder: Path) -> Filled:
    """Add a file to the store of a folder, which is made where it is missing; raises BadFile."""
    filled = Filled()
    with Store.open(folder, retention_seconds=1e11, retention_bytes=1 << 60) as store, reading(file) as text:
        for rows in pieces(text):
            outcome = store.ingest(rows)
            filled.samples += len(rows)
            filled.stored += outcome.stored
        stats = store.stats()
    late = stats.out_of_order + stats.conflicts
    filled.problems += [f"{late} samples are older than what their series hold"] if late else []
    filled.problems += [f"{stats.refused} samples are beyond the limit of series"] if stats.refused else []
    return filled


def into_keeper(file: Path, url: str) -> Filled:
    """Add a file to a running keeper by remote write; raises BadFile, Unanswered, Refused."""
    filled = Filled()
    with reading(file) as text:
        for rows in pieces(text):
            status, told = send("/api/v1/write", url, encoded(rows), HEADERS)
            if status not in (204, 400):
                raise Refused(f"{status}: {told.decode(errors='replace').strip()}")
            filled.samples += len(rows)
            filled.stored += len(rows) if status == 204 else 0
            if status == 400:
                filled.problems.append(f"of {len(rows)} samples: {told.decode(errors='replace').strip()}")
    return filled


def encoded(rows: list[Row]) -> bytes:
    """Return a remote-write request of rows."""
    found: dict[Labels, tuple[list[int], list[float]]] = {}
    for labels, time_ms, value in rows:
        times, values = found.setdefault(labels, ([], []))
        times.append(time_ms)
        values.append(value)
    return request(
        (label_fields(labels), np.array(times, np.int64), np.array(values, np.float64))
        for labels, (times, values) in found.items()
    )


@contextmanager
def reading(file: Path) -> Iterator[TextIO]:
    """Open a file, or standard input for `-`."""
    if str(file) == "-":
        yield sys.stdin
        return
    with file.open(encoding="utf-8") as text:
        yield text


def pieces(text: TextIO) -> Iterator[list[Row]]:
    """Yield the samples in pieces of bounded size; raises BadFile, also where `# EOF` is not at the end."""
    try:
        yield from _pieces(text)
    except UnicodeDecodeError as error:
        raise BadFile(f"the file is no UTF-8: {error.reason}") from None


def _pieces(text: TextIO) -> Iterator[list[Row]]:
    rows: list[Row] = []
    known: dict[str, Labels] = {}
    number = 0
    for number, line in enumerate(text, 1):
        if line.startswith("#"):
            if line.rstrip("\n") == "# EOF":
                yield rows
                return _ended(text, number)
            continue
        try:
            rows.append(row_of(line.rstrip("\n"), known))
        except ExpositionError as error:
            raise BadFile(f"line {number}: {error}") from None
        if len(rows) >= PIECE:
            yield rows
            rows = []
    raise BadFile(f"line {number}: the file does not end with `# EOF`: it was cut off")


def _ended(text: TextIO, number: int) -> None:
    if text.readline():
        raise BadFile(f"line {number + 1}: data after `# EOF`: what follows was not added")


def row_of(line: str, known: dict[str, Labels]) -> Row:
    """Return the sample of a line: `series value seconds`, an exemplar is left out."""
    end = key_end(line)
    key, rest = line[:end], line[end:].partition(" # ")[0].split()
    if len(rest) != 2:
        raise ExpositionError(f"not `series value seconds`: {line[:80]!r}")
    labels = known.get(key)
    if labels is None:
        if len(known) > MOST_KEYS:
            known.clear()
        name, pairs = parse_key(key)
        labels = known[key] = labels_of(dict(pairs), name)
    return labels, milliseconds(rest[1]), parse_number(rest[0])


def milliseconds(text: str) -> int:
    """Return the time that seconds stand for; raises ExpositionError where it is no time of ours."""
    seconds = parse_number(text)
    if not abs(seconds) <= LATEST:
        raise ExpositionError(f"not a time in seconds: {text[:80]!r}")
    return round(seconds * 1000)
