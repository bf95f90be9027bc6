"""`watchkeeper alerts test` and `preview`: would people be told, and who."""

from __future__ import annotations

import argparse
import sys
from typing import Any
from urllib.parse import urlencode

from watchkeeper.cli.asking import Refused, Unanswered, send
from watchkeeper.cli.words import JSON, failed, own_name, reason_of, tell


def test(given: argparse.Namespace) -> int:
    """Send a test message to each channel named; return 1 where one refuses it."""
    import json

    if not given.words:
        sys.stderr.write("watchkeeper: say which channel: a receiver, or receiver/kind[place]\n")
        return 2
    code = 0
    for channel in given.words:
        body = json.dumps({"channel": channel, "who": own_name()}).encode()
        try:
            status, text = send("/api/v2/alerting/test", given.url, body, JSON)
            found = json.loads(text)
        except (Unanswered, ValueError) as error:
            return failed(error)
        if not isinstance(found, dict) or "channels" not in found:
            return failed(Refused(reason_of(found, status)))
        sys.stdout.writelines(f"{one['channel']}: {one['error'] or 'taken'}\n" for one in found["channels"])
        code = max(code, status >= 400)
    return int(code)


def preview(given: argparse.Namespace) -> int:
    """Say who would be told of an alert with some labels now, and what would keep it from them."""
    query = urlencode([("label", word) for word in given.words])
    try:
        found = tell(f"/api/v2/alerting/preview?{query}", given.url)
    except (Refused, Unanswered) as error:
        return failed(error)
    sys.stdout.writelines(f"{line}\n" for line in lines(found))
    return 0


def lines(found: dict[str, Any]) -> list[str]:
    told = []
    for route in found["routes"]:
        words = [
            f"{route['receiver']}: {', '.join(route['channels']) or 'nobody'}",
            f"group {route['groupKey']}",
        ]
        words += [f"muted by time: {', '.join(route['mutedBy'])}"] if route["mutedBy"] else []
        words += [f"escalation: {route['escalation']}"] if route["escalation"] else []
        told.append("  ".join(words))
    told += [f"silenced by {', '.join(found['silencedBy'])}"] if found["silencedBy"] else []
    told += [f"inhibited by {', '.join(found['inhibitedBy'])}"] if found["inhibitedBy"] else []
    return told
