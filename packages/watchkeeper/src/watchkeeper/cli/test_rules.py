"""`watchkeeper test-rules`: run unit tests of rules, in promtool's file format."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper.keeper.rules import Group

NAME = "test-rules"
HELP = "run unit tests of rules (promtool's format)"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="files of unit tests")
    parser.add_argument(
        "--run", action="append", default=[], dest="names", metavar="REGEX", help="only tests so named"
    )
    parser.add_argument(
        "--ignore-unknown-fields", action="store_true", help="let keys pass that Prometheus does not know"
    )


def run(given: argparse.Namespace) -> int:
    """Return 0 where all tests pass, 1 where one fails or a file cannot be used, 2 for a bad --run."""
    try:
        names = [re.compile(name) for name in given.names]
    except re.error as error:
        sys.stderr.write(f"watchkeeper: --run: {error}\n")
        return 2
    return max([run_file(Path(name), names, given.ignore_unknown_fields) for name in given.files])


def run_file(file: Path, names: list[re.Pattern[str]], ignore_unknown: bool) -> int:
    """Run one file of tests and write what failed."""
    from watchkeeper.keeper.rules import RulesError

    sys.stdout.write(f"Unit Testing:  {file}\n")
    try:
        failed = list(failures(file, names, ignore_unknown))
    except (RulesError, OSError, UnicodeDecodeError) as error:
        failed = [str(error)]
    if not failed:
        sys.stdout.write("  SUCCESS\n\n")
        return 0
    lines = "\n".join(failed).splitlines()
    sys.stderr.write("  FAILED:\n" + "".join(f"    {line}\n" for line in lines) + "\n")
    return 1


def failures(file: Path, names: list[re.Pattern[str]], ignore_unknown: bool) -> Iterator[str]:
    """Yield what failed in the tests of one file. Raises RulesError, OSError."""
    from watchkeeper.keeper.rules.unittest import read_tests, run_tests

    tests = read_tests(file.read_text(encoding="utf-8"), str(file), ignore_unknown=ignore_unknown)
    groups = list(groups_of(tests.rule_files, file.parent, ignore_unknown))

    def chosen(name: str) -> bool:
        return not names or any(pattern.search(name) for pattern in names)

    yield from map(str, run_tests(tests, groups, chosen))


def groups_of(patterns: tuple[str, ...], folder: Path, ignore_unknown: bool) -> Iterator[Group]:
    """Yield the groups of the rule files that match patterns relative to a folder."""
    from watchkeeper.keeper.rules import load

    for pattern in patterns:
        found = matches(folder, pattern)
        if not found:
            sys.stderr.write(f"  WARNING: no file match pattern {pattern}\n")
        for path in found:
            yield from load(path, ignore_unknown=ignore_unknown).groups


def matches(folder: Path, pattern: str) -> list[Path]:
    """Return the files that a pattern names, in the order of their names."""
    whole = Path(pattern)
    if whole.is_absolute():
        return sorted(Path(whole.anchor).glob(str(whole.relative_to(whole.anchor))))
    return sorted(folder.glob(pattern)) if ".." not in whole.parts else upward(folder, whole)


def upward(folder: Path, pattern: Path) -> list[Path]:
    """Resolve leading `..` parts, which a glob does not know."""
    parts = list(pattern.parts)
    while parts and parts[0] == "..":
        folder, parts = folder.resolve().parent, parts[1:]
    return sorted(folder.glob("/".join(parts)))
