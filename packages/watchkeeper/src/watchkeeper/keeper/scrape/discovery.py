"""Where targets come from: the configuration, files, and bots that register themselves."""

from __future__ import annotations

import glob
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from watchkeeper.keeper.scrape.errors import JobError
from watchkeeper.keeper.scrape.job import Group

_log = logging.getLogger(__name__)

_Mark = tuple[int, int, int]


@dataclass(slots=True)
class FileGroups:
    """Groups in files of the file_sd form; a file that breaks keeps its last good groups."""

    patterns: tuple[str, ...]
    errors: dict[str, str] = field(default_factory=dict)
    """By path: what is wrong with the file now."""
    _seen: dict[str, tuple[_Mark, tuple[Group, ...]]] = field(default_factory=dict)

    def groups(self) -> list[Group]:
        """Look at the files again (those that changed are read) and return their groups."""
        paths = sorted({path for pattern in self.patterns for path in glob.glob(pattern)})  # noqa: PTH207
        for gone in self._seen.keys() - set(paths):
            del self._seen[gone]
        for gone in self.errors.keys() - set(paths):
            del self.errors[gone]
        return [group for path in paths for group in self._of(path)]

    def _of(self, path: str) -> tuple[Group, ...]:
        old = self._seen.get(path)
        try:
            status = Path(path).stat()
            mark = (status.st_mtime_ns, status.st_size, status.st_ino)
            if old is not None and old[0] == mark:
                return old[1]
            groups = tuple(groups_from(_parsed(Path(path))))
        except (OSError, JobError) as error:
            self._complain(path, str(error))
            return old[1] if old is not None else ()
        self.errors.pop(path, None)
        self._seen[path] = (mark, groups)
        return groups

    def _complain(self, path: str, problem: str) -> None:
        if self.errors.get(path) != problem:
            _log.warning("target file %s: %s; its last good targets stay", path, problem)
        self.errors[path] = problem


@dataclass(slots=True)
class Registered:
    """Targets that announced themselves; each stays until its time is over. Times are Unix seconds."""

    limit: int = 1000
    _until: dict[Group, float] = field(default_factory=dict)

    def add(self, address: str, labels: Iterable[tuple[str, str]], until: float) -> None:
        """Enter or renew a target; raises JobError when there are too many."""
        group = Group((address,), tuple(sorted(labels)))
        if group not in self._until and len(self._until) >= self.limit:
            raise JobError(f"{self.limit} targets are registered, as many as may be")
        self._until[group] = until

    def remove(self, address: str) -> None:
        """Take an address out."""
        self._until = {group: until for group, until in self._until.items() if group.targets != (address,)}

    def groups(self, now: float) -> list[Group]:
        """Return the groups whose time is not over."""
        self._until = {group: until for group, until in self._until.items() if until > now}
        return list(self._until)


def groups_from(content: Any) -> list[Group]:
    """Make groups from the file_sd form: a list of `{targets: [...], labels: {...}}`; raises JobError."""
    if not isinstance(content, list):
        raise JobError("expected a list of target groups")
    return [_group(entry) for entry in content]


def _group(entry: Any) -> Group:
    if not isinstance(entry, dict) or not set(entry) <= {"targets", "labels"}:
        raise JobError(f"expected targets and labels, got {entry!r:.100}")
    targets, labels = entry.get("targets") or [], entry.get("labels") or {}
    if not isinstance(targets, list) or not all(isinstance(target, str) for target in targets):
        raise JobError("targets must be a list of texts")
    if not isinstance(labels, dict) or not all(
        isinstance(text, str) for pair in labels.items() for text in pair
    ):
        raise JobError("labels must be texts")
    return Group(tuple(targets), tuple(sorted(labels.items())))


def _parsed(path: Path) -> Any:
    text = path.read_text(encoding="utf-8", errors="strict") if path.stat().st_size < 1 << 20 else ""
    if not text:
        raise JobError("empty or larger than 1 MiB")
    try:
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise JobError(f"not readable: {error}") from error
