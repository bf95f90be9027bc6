"""`watchkeeper ack`: take alerts on, so that they are not repeated and not escalated."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from watchkeeper.cli.asking import DEFAULT_URL, Refused, Unanswered
from watchkeeper.cli.words import failed, length_of, own_name, tell

NAME = "ack"
HELP = "acknowledge alerts by matchers or fingerprints"
FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "which", nargs="+", metavar="ALERT", help="fingerprints, or matchers such as alertname=FeedSilent"
    )
    parser.add_argument("--who", default=own_name(), help="who takes them on (%(default)s)")
    parser.add_argument("--for", dest="length", metavar="LENGTH", help="for how long (until they are over)")
    parser.add_argument("--note", default="", help="what others should know")
    parser.add_argument("--withdraw", action="store_true", help="let them go again")
    parser.add_argument("--url", default=DEFAULT_URL, help="the keeper (%(default)s)")


def run(given: argparse.Namespace) -> int:
    """Return 0; 1 where the keeper refuses or knows no such alert; 2 where nobody answers."""
    verb = "unacknowledge" if given.withdraw else "acknowledge"
    try:
        found = tell(f"/api/v2/alerting/{verb}", given.url, body_of(given))
    except (Refused, Unanswered) as error:
        return failed(error)
    except ValueError as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    sys.stdout.writelines(f"{one}\n" for one in found[f"{verb}d"])
    return 0


def body_of(given: argparse.Namespace) -> dict[str, Any]:
    """Return what is asked; raise ValueError for a length that makes no sense."""
    prints = [word for word in given.which if FINGERPRINT.fullmatch(word)]
    matchers = [word for word in given.which if word not in prints]
    body: dict[str, Any] = {"who": given.who, "fingerprints": prints, "matchers": matchers}
    if given.withdraw:
        return body
    seconds = length_of(given.length).total_seconds() if given.length else None
    return {**body, "note": given.note, "seconds": seconds}
