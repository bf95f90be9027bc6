"""`watchkeeper alerts incidents`: which alerts belong together, and what is likely their cause."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from watchkeeper.cli.asking import Refused, Unanswered
from watchkeeper.cli.words import failed, tell


def run(given: argparse.Namespace) -> int:
    """Print the incidents; return 0 where there is none, 1 where there are, 2 where nobody answers."""
    try:
        rows = tell("/api/v2/alerting/incidents", given.url)["incidents"]
    except (Refused, Unanswered) as error:
        return failed(error)
    for row in rows:
        sys.stdout.write((json.dumps(row) if given.json else lines(row)) + "\n")
    if not rows and not given.json:
        sys.stdout.write("no incident\n")
    return 1 if rows else 0


def lines(row: dict[str, Any]) -> str:
    """Return one incident: since, how many alerts, the likely cause, then the others."""
    alerts, cause = row["alerts"], row["cause"]
    count = f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'}"
    others = [one for one in alerts if one["fingerprint"] != cause["fingerprint"]]
    told = [f"{row['began']}  {count}  {words(cause)}", *(f"    {words(one)}" for one in others)]
    return "\n".join(told)


def words(alert: dict[str, Any]) -> str:
    labels = dict(alert["labels"])
    name = labels.pop("alertname", "alert")
    return f"{name}  {' '.join(f'{key}={value}' for key, value in sorted(labels.items()))}"
