"""The router by exact paths answers as the list of routes would."""

from __future__ import annotations

import itertools

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from watchkeeper.keeper.web.paths import Paths

PATTERNS = ("/a", "/b", "/a/b", "/{name}", "/a/{rest:path}", "/{rest:path}")
METHODS = (["GET"], ["POST"], ["GET", "POST"])
ASKED = ("/", "/a", "/b", "/a/b", "/a/", "/a/c", "/c", "/c/d")


def numbered(place: int, pattern: str, methods: list[str]) -> Route:
    """Return a route that tells its place in the list and its parameters."""

    async def telling(request: Request) -> Response:
        return PlainTextResponse(f"{place} {sorted(request.path_params.items())}")

    return Route(pattern, telling, methods=methods)


async def told(app: Starlette) -> list[tuple[int, str, str]]:
    """Return status, text and allowed methods of every question."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        found = [
            await client.request(method, path)
            for method, path in itertools.product(("GET", "HEAD", "POST", "PUT"), ASKED)
        ]
    return [
        (one.status_code, one.text, ",".join(sorted(one.headers.get("allow", "").split(", "))))
        for one in found
    ]


LISTS = st.lists(st.tuples(st.sampled_from(PATTERNS), st.sampled_from(METHODS)), max_size=7)


@given(LISTS)
async def test_every_question_is_answered_as_the_plain_list_answers_it(
    given: list[tuple[str, list[str]]],
) -> None:
    """Order, methods, parameters, redirects and refusals are those of the plain router."""
    routes = [numbered(place, *one) for place, one in enumerate(given)]
    plain, quick = Starlette(routes=routes), Starlette()
    quick.router = Paths(routes)
    assert await told(quick) == await told(plain)


@pytest.mark.parametrize(("first", "told_by"), [("/{name}", "0"), ("/b", "1")])
async def test_a_pattern_that_stands_first_goes_first(first: str, told_by: str) -> None:
    """An exact path does not overtake a pattern before it."""
    app = Starlette()
    app.router = Paths([numbered(0, first, ["GET"]), numbered(1, "/a", ["GET"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        assert (await client.get("/a")).text.startswith(told_by)
