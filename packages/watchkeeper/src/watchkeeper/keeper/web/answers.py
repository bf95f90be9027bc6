"""Answers and questions: JSON out, bounded parameters in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response


class BadQuery(Exception):
    """A parameter is wrong; the text names it and says what is right."""


def json(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer that nobody caches."""
    fixed = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(data), status, fixed, "application/json")


def error(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error as JSON: status and a plain sentence."""
    return json({"status": "error", "error": text}, status, headers)


def whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Return a whole number from the query; raise BadQuery outside its bounds."""
    given = request.query_params.get(name)
    if given is None:
        return default
    number = given.lstrip("0") or "0"
    # The length comes first: Python refuses to read very long numbers.
    told = given.isascii() and given.isdecimal() and len(number) <= len(str(most))
    if not told or not least <= int(number) <= most:
        raise BadQuery(f"{name}: expected a whole number from {least} to {most}, got {given[:40]!r}")
    return int(number)


def moment(request: Request, name: str, default: float) -> float:
    """Return a Unix time in seconds from the query."""
    given = request.query_params.get(name)
    if given is None:
        return default
    try:
        found = float(given)
    except ValueError:
        found = float("nan")
    if not 0 <= found < 1e11:
        raise BadQuery(f"{name}: expected a Unix time in seconds, got {given[:40]!r}")
    return found


def foreign(request: Request) -> bool:
    """Return whether a browser sends this on behalf of a page of another origin."""
    origin = request.headers.get("origin")
    if not origin:
        return False
    try:
        return urlsplit(origin).netloc != request.headers.get("host")
    except ValueError:
        return True
