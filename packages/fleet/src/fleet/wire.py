"""Small questions over loopback HTTP: the keeper's API, the venue's control, the node's RPC."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from typing import Any


class Unanswered(Exception):
    """No answer, or none that can be read."""


def get(url: str, timeout: float = 3.0) -> Any:
    """Return the JSON at a URL."""
    return exchange(urllib.request.Request(url), timeout)


def post(url: str, body: Any, timeout: float = 3.0) -> Any:
    """Post JSON and return the JSON answer."""
    data = json.dumps(body).encode()
    return exchange(urllib.request.Request(url, data, {"Content-Type": "application/json"}), timeout)


def exchange(request: urllib.request.Request, timeout: float) -> Any:
    """Do one exchange; raise Unanswered where it fails. A 503 with a JSON body is an answer."""
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        try:
            return json.loads(error.read())
        except ValueError:
            raise Unanswered(f"{request.full_url}: HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        raise Unanswered(f"{request.full_url}: {error}") from None


def answers(url: str) -> bool:
    """Tell whether a URL is answered with JSON, be it with an error."""
    try:
        get(url)
    except Unanswered:
        return False
    return True


def rpc(url: str, method: str, *params: Any) -> Any:
    """Call the chain node."""
    answer = post(url, {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
    if not isinstance(answer, dict) or "result" not in answer:
        raise Unanswered(f"{method}: {answer}")
    return answer["result"]


def free_port(wanted: int) -> int:
    """Return the port if it can be bound on loopback (0: any free one); raise OSError where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
        return int(probe.getsockname()[1])
