"""`watchkeeper guard`: show the stress breaker of a running keeper, or reset it by hand."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any

from watchkeeper.cli.asking import DEFAULT_URL, Refused, Unanswered
from watchkeeper.cli.words import failed, own_name, tell

NAME = "guard"
HELP = "show the stress breaker, or reset it"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="show|reset", required=True)
    show = verbs.add_parser("show", help="how it is (exit code 1 while it is tripped)")
    show.add_argument("--json", action="store_true", help="as JSON")
    reset = verbs.add_parser("reset", help="close it by hand")
    reset.add_argument("--who", default=own_name(), help="who resets it (%(default)s)")
    for one in (show, reset):
        one.add_argument("--url", default=DEFAULT_URL, help="the keeper (%(default)s)")


def run(given: argparse.Namespace) -> int:
    """Return 0; 1 while it is tripped or where the keeper refuses; 2 where nobody answers."""
    try:
        if given.verb == "reset":
            found = tell("/api/v2/guard/reset", given.url, {"who": given.who})
            sys.stdout.write("reset\n" if found["was_tripped"] else "it was not tripped\n")
            return 0
        found = tell("/api/v2/guard", given.url)
    except (Refused, Unanswered) as error:
        return failed(error)
    sys.stdout.write((json.dumps(found) if given.json else line(found)) + "\n")
    return 0 if found["state"] == "closed" else 1


def line(found: dict[str, Any]) -> str:
    """Return the breaker as a line: state, since, why, the pressure now."""
    if not found["enabled"]:
        return "switched off"
    since = datetime.fromtimestamp(found["since"], UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    why = f" ({found['reason']})" if found["reason"] else ""
    pressure = f"processor {found['cpu_percent']:.0f} %, memory {found['memory_percent']:.0f} %"
    return f"{found['state']} since {since}{why}; {pressure}, tripped {found['trips']} times"
