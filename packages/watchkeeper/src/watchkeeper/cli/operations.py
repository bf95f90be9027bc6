"""`watchkeeper operations`: how the operations of a bot do, and where its time goes."""

from __future__ import annotations

import argparse
import sys

from watchkeeper.cli.agent_door import DEFAULT_URL, fetched
from watchkeeper.cli.asking import Refused, Unanswered

NAME = "operations"
HELP = "show a bot's operations, their classes and what to improve"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", nargs="?", default=DEFAULT_URL, metavar="URL", help="the agent (%(default)s)")
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def run(given: argparse.Namespace) -> int:
    """Return 0, or 2 where the agent does not answer."""
    path = "/debug/operations" + ("" if given.json else "?format=text")
    try:
        sys.stdout.write(fetched(path, given.url.rstrip("/")).decode())
    except (Unanswered, Refused) as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    return 0
