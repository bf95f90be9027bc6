"""Reads the head of an HTTP/1.1 request; pure. RFC 9112, as far as GET and HEAD need it."""

from collections.abc import Mapping
from dataclasses import dataclass

HEAD_LIMIT = 8192  # bytes
END = b"\r\n\r\n"


class BadRequest(Exception):
    """A request that is answered with an error and ends its connection; `status` says which."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Request:
    """A request without body; header names are in lower case, the query is as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    keep_alive: bool
    query: str = ""

    def parameters(self) -> dict[str, str]:
        """Return the query's parameters; of one that is there twice the last value."""
        from urllib.parse import parse_qsl  # most requests have none, and the module is a large one

        return dict(parse_qsl(self.query, keep_blank_values=True, max_num_fields=20)) if self.query else {}

    def weight(self, header: str, name: str) -> float:
        """Give the weight (0 to 1) with which `Accept` or its like names something; 0 where it does not."""
        weights = [0.0]
        for part in self.headers.get(header, "").lower().split(","):
            first, *parameters = (piece.strip() for piece in part.split(";"))
            if first == name:
                weights.append(_weight(parameters))
        return max(weights)

    def accepts(self, media_type: str, rather_than: str) -> bool:
        """Tell whether `Accept` names the media type, and the other one with no greater weight."""
        weight = self.weight("accept", media_type)
        return weight > 0 and weight >= self.weight("accept", rather_than)


def _weight(parameters: list[str]) -> float:
    """Read `q` among the parameters; one that is no number counts as if it were absent."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        digits = value.strip()
        if name.strip() == "q" and digits.replace(".", "", 1).isdecimal() and digits.isascii():
            return min(float(digits), 1.0)
    return 1.0


def split(buffer: bytes) -> tuple[Request | None, bytes]:
    """Take one request off the front; return None with the buffer when it is not whole yet.

    Raise `BadRequest` for what this server does not take: long heads, bodies, broken lines.
    """
    buffer = buffer.lstrip(b"\r\n")  # RFC 9112 2.2: empty lines before a request are ignored
    end = buffer.find(END)
    if end > HEAD_LIMIT or (end < 0 and len(buffer) > HEAD_LIMIT):
        raise BadRequest(431, f"the head is longer than {HEAD_LIMIT} bytes")
    if end < 0:
        return None, buffer
    return parsed(buffer[:end].decode("latin-1")), buffer[end + len(END) :]


def parsed(head: str) -> Request:
    """Parse a whole head; raise `BadRequest`."""
    first, *lines = head.split("\r\n")
    method, target, version = _first_line(first)
    headers = _headers(lines)
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise BadRequest(413, "a request body is not taken")
    if version == "HTTP/1.1" and "host" not in headers:
        raise BadRequest(400, "no Host header")
    path, _, query = _target(target).partition("?")
    return Request(method, path, headers, _keep_alive(version, headers), query)


def _first_line(line: str) -> tuple[str, str, str]:
    parts = line.split(" ")
    if len(parts) != 3 or not parts[0].isalpha() or not parts[1].isascii():
        raise BadRequest(400, "broken request line")
    if parts[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise BadRequest(505, "only HTTP/1.0 and HTTP/1.1")
    return parts[0], parts[1], parts[2]


def _headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or any(sign in line for sign in "\r\n\0"):
            raise BadRequest(400, "broken header line")
        key = name.lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return headers


def _target(target: str) -> str:
    if target.startswith(("http://", "https://")):
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    if not target.startswith("/"):
        raise BadRequest(400, "the target is not a path")
    return target


def _keep_alive(version: str, headers: Mapping[str, str]) -> bool:
    wish = headers.get("connection", "").lower()
    return "keep-alive" in wish if version == "HTTP/1.0" else "close" not in wish
