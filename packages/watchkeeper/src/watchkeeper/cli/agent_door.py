"""Ask a bot's agent over HTTP; METRICS_TOKEN is shown where it is set."""

from __future__ import annotations

import os

from watchkeeper.cli.asking import Refused, send

DEFAULT_URL = "http://127.0.0.1:9090"


def fetched(path: str, url: str) -> bytes:
    """Return the body of an agent's answer; raises Unanswered and Refused."""
    token = os.environ.get("METRICS_TOKEN", "").strip()
    status, body = send(path, url, headers={"Authorization": f"Bearer {token}"} if token else {})
    if status != 200:
        raise Refused(f"{url}{path}: {status}: {body[:200].decode(errors='replace').strip()}")
    return body
