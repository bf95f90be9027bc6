"""`watchkeeper routes`: show the route tree, and where an alert would go at a time."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchkeeper.keeper.alerts import Alerting
    from watchkeeper.keeper.alerts.routes import Route
    from watchkeeper.keeper.alerts.viewing import Passage

NAME = "routes"
HELP = "show the route tree of an alertmanager.yml, or test where an alert would go"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", metavar="show|test", required=True)
    show = verbs.add_parser("show", help="draw the tree")
    test = verbs.add_parser("test", help="say which receivers get an alert with some labels")
    for one in (show, test):
        one.add_argument("--config", default="alertmanager.yml", metavar="FILE", help="(%(default)s)")
    test.add_argument("labels", nargs="+", metavar="NAME=VALUE", help="the labels of the alert")
    test.add_argument("--at", metavar="TIME", help="an RFC 3339 time, for intervals and who is on call; now")
    test.add_argument(
        "--verify", metavar="RECEIVERS", help="exit with 1 unless these are the receivers, parted by commas"
    )


def run(given: argparse.Namespace) -> int:
    """Return 0, 1 where --verify does not hold, 2 where the file or the words cannot be used."""
    from watchkeeper.keeper.alerts import AlertsError
    from watchkeeper.keeper.alerts.config import parse

    try:
        alerting = parse(Path(given.config).read_text(encoding="utf-8"))
        if given.verb == "show":
            sys.stdout.write("".join(f"{line}\n" for line in drawn(alerting.route)))
            return 0
        return tested(alerting, labels_of(given.labels), moment_of(given.at), given.verify)
    except (OSError, UnicodeDecodeError, AlertsError, ValueError) as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2


def labels_of(words: list[str]) -> dict[str, str]:
    """Return the labels told; raise ValueError or MatcherInvalid where one is no equality."""
    from watchkeeper.keeper.alerts.matchers import read_matchers

    found = {}
    for word in words:
        for matcher in read_matchers(word):
            if matcher.op != "=":
                raise ValueError(f"{word}: a label is told as name=value")
            found[matcher.name] = matcher.value
    return found


def moment_of(word: str | None) -> float:
    """Return a Unix time; the present where none is told."""
    if word is None:
        return datetime.now(UTC).timestamp()
    at = datetime.fromisoformat(word)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def drawn(route: Route, lead: str = "", last: bool = True, top: bool = True) -> Iterator[str]:
    """Return the lines of the tree below a route."""
    branch = "" if top else ("└── " if last else "├── ")
    yield f"{lead}{branch}{described(route, top)}"
    below = lead if top else lead + ("    " if last else "│   ")
    for place, child in enumerate(route.children):
        yield from drawn(child, below, place == len(route.children) - 1, False)


def described(route: Route, top: bool) -> str:
    """Return one route as a line."""
    from watchkeeper.keeper.alerts.config import length_text
    from watchkeeper.keeper.alerts.matchers import matchers_text

    terms = route.terms
    by = "..." if terms.group_by is None else ",".join(sorted(terms.group_by))
    words = ["default-route" if top else matchers_text(route.matchers)]
    words += ["continue: true"] if route.goes_on else []
    words += [f"receiver: {terms.receiver}", f"group_by: [{by}]"]
    lengths = (terms.group_wait, terms.group_interval, terms.repeat_interval)
    words += ["wait/interval/repeat: " + "/".join(map(length_text, lengths))]
    words += [f"mute: {', '.join(terms.mute_intervals)}"] if terms.mute_intervals else []
    words += [f"active: {', '.join(terms.active_intervals)}"] if terms.active_intervals else []
    return "  ".join(words)


def tested(alerting: Alerting, labels: dict[str, str], at: float, verify: str | None) -> int:
    """Say where an alert goes; the first line is the receivers, as amtool says it."""
    from watchkeeper.keeper.alerts import Dispatcher, preview

    passages = preview(Dispatcher(alerting, at), labels, at).passages
    receivers = [one.route.terms.receiver for one in passages]
    sys.stdout.write(",".join(receivers) + "\n")
    for one in passages:
        sys.stdout.write(f"  {told(one, alerting, at)}\n")
    wanted = receivers if verify is None else [name for name in verify.split(",") if name]
    if receivers != wanted:
        sys.stderr.write(f"watchkeeper: expected receivers {verify}, got {','.join(receivers)}\n")
    return 0 if receivers == wanted else 1


def told(passage: Passage, alerting: Alerting, at: float) -> str:
    """Return one way of an alert as a line: receiver, channels, group, what mutes it, who is on call."""
    kinds = ", ".join(f"{one.kind}[{one.place}]" for one in passage.integrations) or "nobody"
    words = [f"{passage.route.terms.receiver}: {kinds}", f"group {passage.group_key}"]
    words += [f"muted by time: {', '.join(passage.muted_by)}"] if passage.muted_by else []
    if passage.policy:
        schedules = alerting.additions.roster.schedules.values()
        calls = "; ".join(f"{one.name}: {', '.join(one.on_call(at)) or 'nobody'}" for one in schedules)
        words += [f"escalation: {passage.policy}" + (f" (on call {calls})" if calls else "")]
    return "  ".join(words)
