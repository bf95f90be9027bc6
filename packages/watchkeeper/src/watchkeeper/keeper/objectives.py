"""Objectives in the running keeper: their files are compiled to rule files in the data folder."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from watchkeeper.keeper.slo import AlertWindows, SloError, compiled, read_objectives, read_windows, rule_file
from watchkeeper.keeper.slo.pack import pack_files
from watchkeeper.keeper.slo.windows import MONTH

LOG = logging.getLogger("watchkeeper.slo")


class ObjectivesError(Exception):
    """A file of objectives cannot be used; the text names the file and the place in it."""


def compile_file(path: Path, windows: AlertWindows | None = None, period: int = MONTH) -> str:
    """Return the rule file of a file of objectives; raise ObjectivesError."""
    try:
        found = read_objectives(path.read_text(encoding="utf-8"), period)
        return rule_file([group for one in found for group in compiled(one, windows)])
    except (OSError, UnicodeDecodeError, SloError) as error:
        raise ObjectivesError(f"{path}: {error}") from None


def windows_of(path: Path) -> AlertWindows:
    """Return the table of alert windows of a file; raise ObjectivesError."""
    try:
        return read_windows(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SloError) as error:
        raise ObjectivesError(f"{path}: {error}") from None


class Objectives:
    """The files of objectives, and the rule files that stand for them in a folder."""

    def __init__(self, base: Path, globs: Iterable[str], pack: bool, folder: Path, windows: str = "") -> None:
        self._base = base
        self._globs = tuple(globs)
        self._pack = pack
        self._folder = folder
        self._windows = base / windows if windows else None
        self._stamps: dict[Path, tuple[object, Path | None]] = {}

    def sources(self) -> list[Path]:
        """Return the files of objectives: the packaged ones, then those of the patterns."""
        found = pack_files() if self._pack else []
        for pattern in self._globs:
            anchor = Path(Path(pattern).anchor or self._base)
            found += sorted(anchor.glob(str(Path(pattern).relative_to(Path(pattern).anchor))))
        return list(dict.fromkeys(found))

    def open(self) -> None:
        """Compile everything; raise ObjectivesError for the first file that cannot be used."""
        for place, source in enumerate(self.sources()):
            self._compile(source, place)

    def paths(self) -> list[Path]:
        """Return the rule files, those of changed objectives anew.

        A changed file that cannot be used is logged once, and its last good rules stay.
        """
        for place, source in enumerate(self.sources()):
            try:
                self._compile(source, place)
            except ObjectivesError as error:
                LOG.error("objectives stay as they were: %s", error)
        kept = [self._stamps[source][1] for source in self.sources() if source in self._stamps]
        return [path for path in kept if path is not None]

    def _compile(self, source: Path, place: int) -> None:
        stamp = stamp_of(source)
        last = self._stamps.get(source)
        if last is not None and last[0] == stamp:
            return
        self._stamps[source] = (stamp, last[1] if last else None)  # a bad file is not read again and again
        windows = windows_of(self._windows) if self._windows else None
        text = compile_file(source, windows)
        target = self._folder / f"{place:02d}-{source.stem}.rules.yaml"
        written_whole(target, text)
        self._stamps[source] = (stamp, target)


def stamp_of(path: Path) -> object:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


def written_whole(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads a part of it; one that says the same is left alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            return
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise ObjectivesError(f"{path}: cannot be written: {error}") from None
