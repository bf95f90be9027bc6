"""`watchkeeper check-rules`: say what is wrong with rule files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

NAME = "check-rules"
HELP = "check Prometheus rule files: keys, names, expressions, templates, duplicates"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="rule files; the default pack where none is given"
    )
    parser.add_argument(
        "--lint",
        choices=("duplicate-rules", "none"),
        default="duplicate-rules",
        help="what counts as a problem besides errors (%(default)s)",
    )
    parser.add_argument(
        "--ignore-unknown-fields", action="store_true", help="let keys pass that Prometheus does not know"
    )


def run(given: argparse.Namespace) -> int:
    """Return 0 where all files are good, 1 where one is not."""
    from watchkeeper.keeper.rules.pack import pack_files

    files = [Path(name) for name in given.files] or pack_files()
    return max(check(file, given) for file in files)


def check(file: Path, given: argparse.Namespace) -> int:
    """Check one file and write what was found."""
    from watchkeeper.keeper.rules import RuleFileError, load

    sys.stdout.write(f"Checking {file}\n")
    try:
        found = load(file, ignore_unknown=given.ignore_unknown_fields)
    except RuleFileError as error:
        sys.stderr.write("  FAILED:\n" + "".join(f"  {problem}\n" for problem in error.problems))
        return 1
    sys.stdout.write(f"  SUCCESS: {len(found.rules)} rules found\n")
    lint = [] if given.lint == "none" else found.lint
    for one in lint:
        sys.stderr.write(f"  {file}:{one.line}: {one.text}\n")
    return 1 if lint else 0
