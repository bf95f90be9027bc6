"""The command `watchkeeper`: one module per verb."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from watchkeeper.cli import (
    ack,
    alerts,
    check_config,
    check_rules,
    coverage,
    guard,
    keep,
    operations,
    profile,
    query,
    routes,
    silence,
    slo,
    test_rules,
    tsdb,
    users,
)

OK, FOUND, USAGE = 0, 1, 2

# Each verb's module has NAME, HELP, arguments(parser) and run(arguments) -> exit code.
VERBS = (
    keep,
    check_config,
    alerts,
    silence,
    ack,
    routes,
    check_rules,
    test_rules,
    coverage,
    slo,
    guard,
    query,
    tsdb,
    operations,
    profile,
    users,
)


def own_version() -> str:
    """Return the installed version."""
    try:
        return version("watchkeeper")
    except PackageNotFoundError:
        return "0"


def parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = argparse.ArgumentParser(
        prog="watchkeeper",
        description="Monitoring and operations for automated trading bots.",
        epilog="Exit codes: 0 all is well, 1 problems were found, 2 wrong usage or configuration.",
    )
    top.add_argument("--version", action="version", version=f"watchkeeper {own_version()}")
    verbs = top.add_subparsers(metavar="VERB", required=True)
    for verb in VERBS:
        one = verbs.add_parser(verb.NAME, help=verb.HELP, description=verb.HELP)
        verb.arguments(one)
        one.set_defaults(run=verb.run)
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    arguments = parser().parse_args(words)
    try:
        code: int = arguments.run(arguments)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; nobody is left to tell
        return OK
    return code
