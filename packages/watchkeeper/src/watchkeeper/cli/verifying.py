"""`watchkeeper tsdb verify`: read all that is sealed, name what is damaged."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from watchkeeper.cli.asking import Refused, Unanswered, ask

PATH = "/api/v1/admin/tsdb/verify"
LOOK_SECONDS = 0.25
SHOWN_EVERY = 0.1


class Bar:
    """Tells how far it is: on a terminal in place, else a line for each tenth."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._open = False

    def show(self, done: int, total: int, paused: bool = False) -> None:
        """Tell it where it is worth telling."""
        share = done / total if total else 0.0
        text = f"{done} of {total} chunks read"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text}{', waiting: the machine is under stress' if paused else ''}\x1b[K")
            self._open = True
        elif share - self._shown >= SHOWN_EVERY:
            self._shown = share
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            sys.stderr.write("\n")


def verify(given: argparse.Namespace, opened: Callable[[Path], Any]) -> int:
    """Return 0 where all is good, 1 where something is damaged, 2 where it could not be told."""
    bar = Bar()
    try:
        found = by_keeper(given.url, bar) if given.data is None else at_rest(given.data, opened, bar)
    except Refused as error:
        raise Unanswered(str(error)) from None
    finally:
        bar.end()
    if given.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in described(found))
    damaged = found["damaged_count"] or words_of(found)
    return 1 if damaged else 0 if found["clean"] else 2


def by_keeper(url: str, bar: Bar) -> dict[str, Any]:
    """Let a running keeper do it; one that is under way already is followed."""
    found: dict[str, Any] = ask(PATH, url, "POST")["data"]
    begun = found["started"]
    while found["state"] == "running":
        bar.show(found["done"], found["total"], found["paused"])
        time.sleep(LOOK_SECONDS)
        found = ask(PATH, url)["data"]
    if found["started"] != begun:
        raise Unanswered("the keeper ended before it had read everything")
    return found


def at_rest(folder: Path, opened: Callable[[Path], Any], bar: Bar) -> dict[str, Any]:
    """Do it in a folder that no keeper uses; a file whose structure is broken is rebuilt by opening it."""
    import msgspec

    from watchkeeper.keeper.store import FILE, Progress, structures
    from watchkeeper.keeper.verification import result_of

    def go_on(progress: Progress) -> bool:
        bar.show(progress.done, progress.total)
        return True

    with opened(folder) as store:
        beside = dict(structures(folder, FILE))
        found: dict[str, Any] = msgspec.to_builtins(result_of(store.verify(go_on), beside))
        if (damage := store.stats().damage) is not None:
            found |= {"sqlite": [damage, *found["sqlite"]], "clean": False}
    return found


def described(found: dict[str, Any]) -> list[str]:
    """Return the result as lines."""
    lines = [line_of(one) for one in found["damaged"]]
    if (more := found["damaged_count"] - len(found["damaged"])) > 0:
        lines.append(f"... and {more} more")
    lines += words_of(found)
    if found["error"]:
        lines.append(found["error"])
    if found["clean"]:
        read = f"{found['done']} chunks, {found['samples']} samples: all good"
        return [f"{read}; files that are whole: {1 + len(found['files'])}"]
    lines.append(f"{found['done']} chunks read, {found['damaged_count']} damaged and set aside")
    return lines


def words_of(found: dict[str, Any]) -> list[str]:
    """Return what SQLite says of files that are not whole."""
    files = {"samples.db": found["sqlite"], **found["files"]}
    return [f"{name}: {one}" for name, words in files.items() for one in words if one != "ok"]


def line_of(one: dict[str, Any]) -> str:
    labels = dict(one["labels"])
    name = labels.pop("__name__", "" if labels else f"series {one['series']}")
    pairs = ",".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in labels.items())
    range_ = "" if one["start"] is None else f" from {moment(one['start'])} to {moment(one['end'])}"
    return f"damaged: {name}{f'{{{pairs}}}' if pairs else ''}{range_}: {one['reason']}"


def moment(at_ms: int | None) -> str:
    """Return a time as text; what a damaged row holds may be none."""
    try:
        at = datetime.fromtimestamp((at_ms or 0) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{at_ms} ms"
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
