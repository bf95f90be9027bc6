"""`watchkeeper tsdb`: the store's state, copies of it, whether it is whole, and history from files."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watchkeeper.cli.asking import DEFAULT_URL, Refused, Unanswered, ask

NAME = "tsdb"
HELP = "the store: status, backfill, snapshot, verify"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    status_of = verbs.add_parser("status", help="what is kept, and which names and labels hold most")
    copying = verbs.add_parser("snapshot", help="write a consistent copy into a new folder")
    copying.add_argument("folder", metavar="DIR", type=Path)
    filling = verbs.add_parser("backfill", help="add history from a file in OpenMetrics form with times")
    filling.add_argument("file", metavar="FILE", type=Path, help="- reads standard input")
    checking = verbs.add_parser("verify", help="read all that is sealed and name what is damaged")
    works = ((status_of, status), (copying, snapshot), (filling, backfill), (checking, verify))
    for verb, work in works:
        verb.add_argument("--url", default=DEFAULT_URL, help="a running keeper (%(default)s)")
        verb.add_argument("--data", type=Path, metavar="FOLDER", help="the data folder of a keeper at rest")
        verb.set_defaults(work=work)
    for verb in (status_of, checking):
        verb.add_argument("--json", action="store_true", help="as one JSON object")


def run(given: argparse.Namespace) -> int:
    """Return 0 when it is done, 1 where something is refused, left out or damaged, 2 where it cannot be."""
    work: Callable[[argparse.Namespace], int] = given.work
    try:
        return work(given)
    except Refused as error:
        return failed(str(error), 1)
    except Unanswered as error:
        return failed(str(error), 2)
    except OSError as error:
        return failed(f"{error}", 2)


def failed(text: str, code: int) -> int:
    sys.stderr.write(f"watchkeeper: {text}\n")
    return code


def status(given: argparse.Namespace) -> int:
    found = ask("/api/v1/status/tsdb", given.url)["data"] if given.data is None else at_rest(given.data)
    if given.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in described(found))
    return 0


def at_rest(folder: Path) -> dict[str, Any]:
    """Return the same document of a folder that no keeper uses."""
    from watchkeeper.keeper.web.prometheus.standing import state_of

    with opened(folder) as store:
        return state_of(store, 10)


def opened(folder: Path) -> Any:
    """Open the store of an existing folder without a thread of its own; raises Unanswered."""
    import math

    from watchkeeper.keeper.store import Store, StoreError

    if not (folder / "samples.db").is_file():
        raise Unanswered(f"{folder} holds no samples: it has no samples.db")
    try:
        return Store.open(folder, flush_seconds=math.inf, retention_seconds=1e11, retention_bytes=1 << 60)
    except StoreError as error:
        raise Unanswered(str(error)) from None


def described(found: dict[str, Any]) -> list[str]:
    """Return the document as lines."""
    head, own = found["headStats"], found["watchkeeper"]
    rows = [f"series {head['numSeries']}, samples {own['samples']}, chunks {head['chunkCount']}"]
    each = f", {own['bytes'] / own['samples']:.2f} per sample" if own["samples"] else ""
    rows.append(f"bytes {own['bytes']}{each}")
    rows.append(f"from {moment(head['minTime'])} to {moment(head['maxTime'])}")
    for key, title in (
        ("seriesCountByMetricName", "series by name"),
        ("labelValueCountByLabelName", "values"),
    ):
        rows.append(f"{title}:")
        rows += [f"  {row['value']:>8}  {row['name']}" for row in found[key]]
    return rows


def moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def snapshot(given: argparse.Namespace) -> int:
    """Copy the samples; a running keeper writes the copy itself, and it is moved to where it is wanted."""
    if given.folder.exists() and any(given.folder.iterdir()):
        return failed(f"{given.folder} is not empty", 2)
    if given.data is not None:
        with opened(given.data) as store:
            store.snapshot(given.folder)
    else:
        made = ask("/api/v1/admin/tsdb/snapshot", given.url, "POST")["data"]["folder"]
        if not Path(made).is_dir():
            return failed(f"the copy is on the keeper's machine: {made}", 1)
        if given.folder.exists():
            given.folder.rmdir()
        shutil.move(made, given.folder)
    sys.stdout.write(f"snapshot in {given.folder}\n")
    return 0


def verify(given: argparse.Namespace) -> int:
    """Read everything that is sealed: by a running keeper, or in the folder of one at rest."""
    from watchkeeper.cli import verifying

    return verifying.verify(given, opened)


def backfill(given: argparse.Namespace) -> int:
    """Add a file's samples; what is older than the newest sample of its series is left out and counted."""
    from watchkeeper.cli import backfill as filling

    try:
        told = (
            filling.into_folder(given.file, given.data)
            if given.data
            else filling.into_keeper(given.file, given.url)
        )
    except filling.BadFile as error:
        return failed(f"{given.file}: {error}", 2)
    sys.stdout.write(f"{told.stored} samples of {told.samples} added\n")
    for problem in told.problems:
        sys.stderr.write(f"watchkeeper: {problem}\n")
    return 1 if told.problems else 0
