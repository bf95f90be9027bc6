"""`watchkeeper alerts`: list the alerts of a running keeper, test its channels, preview who would be told."""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

from watchkeeper.cli import belonging, trying

NAME = "alerts"
HELP = "list the alerts that fire (exit code 1 if any does), or the newest ones"
TIMEOUT = 10.0
MOST = 16 << 20


class Unanswered(Exception):
    """The keeper did not answer; the text says why."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "verb",
        nargs="?",
        choices=("list", "test", "preview", "incidents"),
        default="list",
        help="test CHANNEL sends a test message, preview NAME=VALUE... says who would be told, "
        "incidents shows which alerts belong together (%(default)s)",
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="a receiver or receiver/kind[place]; labels")
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the keeper (%(default)s)")
    parser.add_argument("--all", action="store_true", help="resolved alerts, too")
    parser.add_argument("--limit", type=int, default=50, help="at most so many (%(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def run(given: argparse.Namespace) -> int:
    """Return 0 where nothing fires, 1 where something does, 2 where the keeper does not answer."""
    other = {"test": trying.test, "preview": trying.preview, "incidents": belonging.run}.get(given.verb)
    if other is not None:
        return other(given)
    try:
        rows = ask(f"{given.url.rstrip('/')}/api/alerts?limit={given.limit}")["alerts"]
    except Unanswered as error:
        sys.stderr.write(f"watchkeeper: {error}\n")
        return 2
    firing = [row for row in rows if row["status"] == "firing"]
    for row in rows if given.all else firing:
        sys.stdout.write((json.dumps(row) if given.json else line(row)) + "\n")
    if not given.json and not firing:
        sys.stdout.write("no alert fires\n")
    return 1 if firing else 0


def line(row: dict[str, Any]) -> str:
    """Return one alert as a line: since, status, severity, name, summary, reason."""
    since = datetime.fromtimestamp(row["starts_at"], UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    labels, told = row["labels"], row["annotations"]
    head = f"{since}  {row['status']:8}  {labels['severity']:8}  {labels['alertname']:18}"
    return f"{head}  {told['summary']}" + (f": {told['reason']}" if told["reason"] else "")


def ask(url: str) -> dict[str, Any]:
    """Return a JSON answer; WATCHKEEPER_TOKEN is shown where it is set. Raise Unanswered."""
    token = os.environ.get("WATCHKEEPER_TOKEN", "").strip()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if not url.startswith(("http://", "https://")):
        raise Unanswered(f"--url: expected http:// or https://, got {url}")
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as answer:
            found: dict[str, Any] = json.loads(answer.read(MOST))
            return found
    except urllib.error.HTTPError as error:
        raise Unanswered(f"{url}: {error.code} {error.reason}: {said(error)}") from None
    except (OSError, ValueError) as error:
        raise Unanswered(f"{url}: {getattr(error, 'reason', error)}") from None


def said(error: urllib.error.HTTPError) -> str:
    """Return the keeper's own words from an error's body."""
    try:
        return str(json.loads(error.read(65536))["error"])
    except (OSError, ValueError, KeyError, TypeError):
        return "no reason given"
