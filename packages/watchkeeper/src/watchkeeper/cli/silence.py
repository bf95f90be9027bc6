"""`watchkeeper silence`: add, list and expire silences on a running keeper, or on any Alertmanager."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from watchkeeper.cli.asking import DEFAULT_URL, Refused, Unanswered
from watchkeeper.cli.words import failed, length_of, moment, own_name, stamp, tell

NAME = "silence"
HELP = "add, list and expire silences"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="add|list|expire", required=True)
    add = verbs.add_parser("add", help="mute what all matchers accept; prints the id")
    add.add_argument(
        "matchers", nargs="+", metavar="MATCHER", help='such as bot=arbbot or severity!~"info|none"'
    )
    add.add_argument("--for", dest="length", metavar="LENGTH", help="how long, such as 2h")
    add.add_argument("--start", metavar="TIME", help="when it begins, in RFC 3339 (now)")
    add.add_argument("--end", metavar="TIME", help="when it ends, instead of --for")
    add.add_argument("--comment", required=True, help="why")
    add.add_argument("--author", default=own_name(), help="who (%(default)s)")
    show = verbs.add_parser("list", help="show silences that hold or will hold")
    show.add_argument("matchers", nargs="*", metavar="MATCHER", help="only those with these matchers")
    show.add_argument("--all", action="store_true", help="those that ended, too")
    show.add_argument("--json", action="store_true", help="one JSON object per line")
    expire = verbs.add_parser("expire", help="end silences now")
    expire.add_argument("ids", nargs="+", metavar="ID")
    for one in (add, show, expire):
        one.add_argument("--url", default=DEFAULT_URL, help="the keeper, or any Alertmanager (%(default)s)")


def run(given: argparse.Namespace) -> int:
    """Return 0; 1 where the keeper refuses; 2 where nobody answers or the words make no sense."""
    from watchkeeper.keeper.alerts import AlertsError

    try:
        if given.verb == "add":
            sys.stdout.write(added(given) + "\n")
        elif given.verb == "list":
            sys.stdout.writelines(f"{one}\n" for one in listed(given))
        else:
            for name in given.ids:
                tell(f"/api/v2/silence/{name}", given.url, method="DELETE")
    except (Refused, Unanswered) as error:
        return failed(error)
    except (AlertsError, ValueError) as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    return 0


def added(given: argparse.Namespace) -> str:
    """Add a silence and return its id; raise ValueError, MatcherInvalid for words that make no sense."""
    start = moment(given.start) if given.start else datetime.now(UTC)
    if bool(given.length) == bool(given.end):
        raise ValueError("say how long: exactly one of --for and --end")
    end = moment(given.end) if given.end else start + length_of(given.length)
    body = {
        "matchers": matchers_of(given.matchers),
        "startsAt": stamp(start),
        "endsAt": stamp(end),
        "createdBy": given.author,
        "comment": given.comment,
    }
    return str(tell("/api/v2/silences", given.url, body)["silenceID"])


def matchers_of(words: list[str]) -> list[dict[str, Any]]:
    """Return matchers as the API has them; raise MatcherInvalid."""
    from watchkeeper.keeper.alerts.matchers import read_matchers

    return [
        {
            "name": one.name,
            "value": one.value,
            "isRegex": one.op in ("=~", "!~"),
            "isEqual": one.op in ("=", "=~"),
        }
        for word in words
        for one in read_matchers(word)
    ]


def listed(given: argparse.Namespace) -> list[str]:
    """Return a line for each silence."""
    query = [("filter", word) for word in given.matchers]
    query += [] if given.all else [("expired", "false")]
    rows = tell(f"/api/v2/silences?{urlencode(query)}", given.url)
    if given.json:
        return [json.dumps(row) for row in rows]
    return [line(row) for row in rows] or ["no silence holds"]


def line(row: dict[str, Any]) -> str:
    """Return one silence as a line: id, state, end, matchers, who, why."""
    signs = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    matchers = ",".join(
        f"{one['name']}{signs[one.get('isEqual', True), one['isRegex']]}{json.dumps(one['value'])}"
        for one in row["matchers"]
    )
    who = f"{row['createdBy'] or 'somebody'}: {row['comment']}"
    return f"{row['id']}  {row['status']['state']:7}  until {row['endsAt']}  {{{matchers}}}  {who}"
