"""Ask a running keeper over HTTP; WATCHKEEPER_TOKEN is shown where it is set."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from typing import Any

DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT = 130.0
MOST = 256 << 20


class Unanswered(Exception):
    """Nobody answers, or not as a keeper does; the text says why."""


class Refused(Exception):
    """The keeper refuses what was asked; the text is its own."""


def ask(path: str, url: str, method: str = "GET") -> dict[str, Any]:
    """Return an answer of the API; raises Unanswered and Refused."""
    status, body = send(path, url, method=method)
    try:
        found: dict[str, Any] = json.loads(body)
        if status < 400 and found["status"] == "success":
            return found
        told = str(found["error"])
    except (ValueError, KeyError, TypeError):
        raise Unanswered(f"{url}: {status}: {body[:200].decode(errors='replace').strip()}") from None
    raise Refused(told)


def send(
    path: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[int, bytes]:
    """Return status and body of an answer; a body makes the request a POST. Raises Unanswered."""
    base = url.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise Unanswered(f"--url: expected http:// or https://, got {url}")
    token = os.environ.get("WATCHKEEPER_TOKEN", "").strip()
    shown = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(
        base + path, body, {**shown, **(headers or {})}, method="POST" if body is not None else method
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.status, answer.read(MOST)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(65536)
    except (OSError, ValueError) as error:
        raise Unanswered(f"{base}{path}: {getattr(error, 'reason', error)}") from None
