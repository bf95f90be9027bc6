"""POST and DELETE /api/v1/targets: a bot announces itself, or is taken out."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.remote import TooLarge
from watchkeeper.keeper.scrape import JobError, Register
from watchkeeper.keeper.scrape.register import DEFAULT_SECONDS
from watchkeeper.keeper.web.prometheus.envelope import BadData, NotFound, success
from watchkeeper.keeper.web.prometheus.receiving import body_of, foreign

MOST_BYTES = 1 << 14


class Announced(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a bot says of itself; an address without host (`:9090`) means where the request came from."""

    address: str
    job: str = "bots"
    labels: dict[str, str] = {}
    ttl: float = DEFAULT_SECONDS


async def announce(request: Request) -> Response:
    """Take a target in; answers its address and for how many seconds it stays."""
    if problem := foreign(request):
        return problem
    register: Register = request.app.state.register
    word = await word_of(request)
    try:
        register.announce(word.job, address_of(word.address, request), word.labels, word.ttl)
    except JobError as error:
        raise BadData(str(error)) from None
    return success({"address": address_of(word.address, request), "job": word.job, "ttl": word.ttl})


async def withdraw(request: Request) -> Response:
    """Take a target out before its time is over."""
    if problem := foreign(request):
        return problem
    register: Register = request.app.state.register
    job = request.query_params.get("job", "bots")
    address = address_of(request.query_params.get("address", ""), request)
    if not register.withdraw(job, address):
        raise NotFound(f"no target {address} has announced itself to job {job!r}")
    return success({"address": address, "job": job})


async def word_of(request: Request) -> Announced:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise BadData("expected application/json")  # what a form of a foreign page cannot send
    try:
        return msgspec.json.decode(await body_of(request, MOST_BYTES), type=Announced)
    except (msgspec.DecodeError, TooLarge) as error:
        raise BadData(f"not understood: {error}") from None


def address_of(given: str, request: Request) -> str:
    """Return `host:port`; raises BadData."""
    host, colon, port = given.rpartition(":")
    if not (colon and port.isascii() and port.isdecimal() and 0 < int(port) < 65_536):
        raise BadData("address must be host:port, or :port for where the request comes from")
    if not host:
        peer = request.client.host if request.client else "127.0.0.1"
        host = f"[{peer}]" if ":" in peer else peer
    if set(host) & set("/@?#\\ "):
        raise BadData(f"{host!r} is no host")
    return f"{host}:{port}"
