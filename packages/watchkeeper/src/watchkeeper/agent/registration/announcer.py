"""Announce the bot to a keeper, again and again, on the agent's own loop.

A keeper that was restarted, moved or lost its data knows the bot again within `EVERY` seconds. Whatever goes
wrong is logged once and tried anew: the bot never notices.
"""

import asyncio
import json
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from watchkeeper.agent.settings import Listen

LOG = logging.getLogger("watchkeeper.agent")
EVERY = 15.0  # seconds
TIMEOUT = 5.0
MOST_BYTES = 65_536
TTL = 3600.0  # a bot that has died stays a target for so long, and is told to be down
PATH = "/api/v1/targets"


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to announce what: the keeper, its token, the job, the address under which the bot is scraped."""

    url: SplitResult
    token: str
    job: str
    address: str
    labels: Mapping[str, str]

    def body(self) -> bytes:
        """Return the announcement as JSON."""
        word = {"job": self.job, "address": self.address, "labels": dict(self.labels), "ttl": TTL}
        return json.dumps(word).encode()


def wish(environment: Mapping[str, str], service: str, listen: Listen, port: int) -> Wish | None:
    """Read KEEPER_URL, KEEPER_TOKEN or KEEPER_TOKEN_FILE, KEEPER_JOB, KEEPER_ADDRESS.

    None where no keeper is named, or the settings make no sense, which is logged.
    """
    text = environment.get("KEEPER_URL", "").strip()
    if not text:
        return None
    try:
        url, token = keeper_url(text), secret(environment)
    except (OSError, ValueError) as error:
        LOG.warning("the bot cannot announce itself to a keeper: %s", error)
        return None
    address = environment.get("KEEPER_ADDRESS", "").strip() or own_address(listen.host, port)
    job = environment.get("KEEPER_JOB", "").strip() or "bots"
    return Wish(url, token, job, address, {"bot": service})


def keeper_url(text: str) -> SplitResult:
    """Return the parts of an http or https URL; raises ValueError."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or set(text) & set(" \t\r\n"):
        raise ValueError(f"KEEPER_URL={text!r} is no http or https URL")
    url.port  # noqa: B018  raises on a port that is none
    return url


def secret(environment: Mapping[str, str]) -> str:
    """Return the keeper's token, empty where there is none; raises OSError and ValueError."""
    given = environment.get("KEEPER_TOKEN", "").strip()
    path = environment.get("KEEPER_TOKEN_FILE", "").strip()
    if not given and path:
        given = Path(path).read_text(encoding="utf-8").strip()
    if not given.isprintable() or not given.isascii():
        raise ValueError("the keeper's token holds what no header may")
    return given


def own_address(host: str, port: int) -> str:
    """Return where this agent is scraped; an agent that listens everywhere leaves its host to the keeper."""
    if host in ("", "0.0.0.0", "::"):
        return f":{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def announce(wish: Wish) -> None:
    """Announce once; raises OSError, ValueError or TimeoutError with the keeper's words."""
    async with asyncio.timeout(TIMEOUT):
        status, told = await _posted(wish)
    if status != 200:
        raise ValueError(f"the keeper answered {status}: {told}")


async def announcing(wish: Wish, every: float = EVERY) -> None:
    """Announce at once and then each `every` seconds until cancelled; only changes are logged."""
    last: str | None = None
    while True:
        try:
            await announce(wish)
            problem = ""
        except (OSError, ValueError) as error:  # TimeoutError is one of the first
            problem = str(error) or type(error).__name__
        if problem != last:
            _tell(wish, problem)
        last = problem
        await asyncio.sleep(every)


def _tell(wish: Wish, problem: str) -> None:
    if problem:
        LOG.warning("the keeper at %s does not take the bot in: %s", wish.url.netloc, problem)
    else:
        LOG.info("the keeper at %s knows the bot as %s of job %s", wish.url.netloc, wish.address, wish.job)


async def _posted(wish: Wish) -> tuple[int, str]:
    """Return the status and the beginning of the answer's body."""
    secure = ssl.create_default_context() if wish.url.scheme == "https" else None
    port = wish.url.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(wish.url.hostname, port, ssl=secure, limit=MOST_BYTES)
    try:
        writer.write(_request(wish))
        answer = await reader.read(MOST_BYTES)
        while not reader.at_eof() and len(answer) < MOST_BYTES:
            answer += await reader.read(MOST_BYTES)
    finally:
        writer.transport.abort()  # nothing is owed, and a close of TLS may hang
        await asyncio.sleep(0)  # the loop closes the socket in its next round, also where it ends after it
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise ValueError("what answers there does not speak HTTP")
    return int(words[1]), body[:300].decode("utf-8", "replace").strip()


def _request(wish: Wish) -> bytes:
    body = wish.body()
    lines = [
        f"POST {wish.url.path.rstrip('/')}{PATH} HTTP/1.1",
        f"Host: {wish.url.netloc.rpartition('@')[2]}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if wish.token:
        lines.append(f"Authorization: Bearer {wish.token}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body
