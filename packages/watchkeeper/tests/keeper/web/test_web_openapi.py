"""The API's description: complete, and kept by every answer to any question."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from watchkeeper.keeper.notify.errors import Undeliverable
from watchkeeper.keeper.notify.outbox import Undelivered
from watchkeeper.keeper.people import People
from watchkeeper.keeper.profiles import Fetching, ProfileShelf
from watchkeeper.keeper.store import Verified
from watchkeeper.keeper.verification import Verification
from watchkeeper.keeper.web import Desk, Gallery, Policy, Recovery, Reports, Shelf, create_app
from watchkeeper.keeper.web.boards.routes import PATHS as BOARDS
from watchkeeper.keeper.web.health import PATHS as HEALTH
from watchkeeper.keeper.web.openapi import ENDPOINTS, document
from watchkeeper.keeper.web.operations import PATHS as OPERATIONS
from watchkeeper.keeper.web.profiles.routes import PATHS as PROFILES
from watchkeeper.keeper.web.recovery import PATHS as RECOVERY
from watchkeeper.keeper.web.users.routes import PATHS as PEOPLE

NOW = 1_700_000_000.0
DESCRIBED = document(ENDPOINTS, "1")
ASKED = [
    one for one in ENDPOINTS if one.path not in ("/api/events", "/api/logout", "/api/setup", "/api/login")
]


def gallery_in(folder: Path) -> Gallery:
    """Return a gallery without profiles, which is never filled."""
    shelf = ProfileShelf.open(folder)
    return Gallery(shelf, Fetching(shelf, dict, lambda: NOW, 0))


def reports() -> Reports:
    """Return what asks no agent: none has told its health."""

    async def mute(url: str, timeout: float, limit: int) -> bytes:
        raise AssertionError(url)

    return Reports(dict, mute, lambda: NOW)


class Sound:
    """A store that holds nothing, and that is sound."""

    def verify(self, go_on: Any) -> Verified:
        return Verified(0, 0, (), 0, ("ok",), True)


class Idle:
    """An outbox from which everything got through."""

    async def undelivered(self) -> list[Undelivered]:
        return []

    async def again(self, row: int) -> None:
        raise Undeliverable(f"row {row} is not among what was not delivered", known=False)


def mending(folder: Path) -> Recovery:
    """Return what verifies a store without samples."""
    store: Any = Sound()
    return Recovery(Verification(store, folder / "verified.json", lambda: NOW, lambda: False), Idle())


@pytest.fixture
async def site(scene: Any, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client with an admin's session, on a keeper with some series."""
    people, shelf = People.open(tmp_path, lambda: NOW), Shelf.open(tmp_path, lambda: NOW)
    gallery = gallery_in(tmp_path)
    people.accounts.first("ann", "correct horse")
    people.accounts.add("opal", "operator", "correct horse")
    scene.shelf.put({"__name__": "up", "job": "arb", "instance": "h:1"}, [(NOW - 2, 1)])
    scene.flip("alert/component/arbbot/feed", "resolved", "firing", "no frame")
    desk = Desk(people, Policy())
    transport = httpx.ASGITransport(
        create_app(
            scene.live(),
            desk=desk,
            shelf=shelf,
            gallery=gallery,
            reports=reports(),
            mending=mending(tmp_path),
        ),
        raise_app_exceptions=False,
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        told = await client.post("/api/login", json={"name": "ann", "password": "correct horse"})
        client.headers["X-CSRF-Token"] = told.json()["csrf"]
        yield client
    desk.close()
    people.close()
    shelf.close()
    gallery.close()
    gallery.shelf.close()


def test_every_path_of_our_own_is_described_and_no_other(scene: Any, tmp_path: Path) -> None:
    """A path that is added without a description fails here."""
    people, shelf = People.open(tmp_path, lambda: NOW), Shelf.open(tmp_path, lambda: NOW)
    gallery = gallery_in(tmp_path)
    desk = Desk(people, Policy())
    app = create_app(
        scene.live(),
        desk=desk,
        shelf=shelf,
        gallery=gallery,
        reports=reports(),
        mending=mending(tmp_path),
    )
    rooms = [*PEOPLE, *BOARDS, *PROFILES, *OPERATIONS, *HEALTH, *RECOVERY]
    named = {path for _, path, _ in rooms}
    served = {(method, path) for method, path, _ in rooms}
    for route in app.routes:
        if isinstance(route, Route) and route.path.startswith("/api/") and route.path not in named:
            served |= {(method, route.path) for method in (route.methods or ()) if method != "HEAD"}
    assert served == {(one.method, one.path) for one in ENDPOINTS}
    people.close()
    shelf.close()
    gallery.close()
    gallery.shelf.close()


def test_every_reference_leads_somewhere() -> None:
    """No schema and no operation is named that is not there; operations have names of their own."""
    text = json.dumps(DESCRIBED)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in DESCRIBED["components"]["schemas"]
    ids = [one["operationId"] for methods in DESCRIBED["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids)) == len(ENDPOINTS)
    assert set(re.findall(r'"operationId": "([^"]+)"', text)) == set(ids)


async def test_the_description_is_served(site: httpx.AsyncClient) -> None:
    """As JSON, with the keeper's version."""
    told = (await site.get("/api/openapi.json")).json()
    assert told == json.loads(json.dumps(DESCRIBED))


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
ANY = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner)
)
FITTING = {
    "NewUser": {"name": "zoe", "role": "viewer", "password": "a good one"},
    "UserChange": {"disabled": False},
    "NewPassword": {"old": "wrong password", "new": "a good one"},
    "NewToken": {"name": "t", "scopes": ["read"]},
    "Content": {"title": "t", "widgets": [{"kind": "text"}]},
    "NewContent": {"version": 1, "board": {"title": "t"}},
    "NewAnnotation": {"text": "t", "at": 5, "until": 6},
}


def bodies(shape: type) -> st.SearchStrategy[Any]:
    """Return right bodies of which some fields are replaced or left out, and anything else."""
    right = FITTING[shape.__name__]
    some = st.dictionaries(st.sampled_from([*right, "more"]), ANY, max_size=2)
    return st.just(right) | some.map(lambda other: right | other) | ANY


@given(data=st.data())
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_every_answer_is_described(site: httpx.AsyncClient, data: st.DataObject) -> None:
    """Whatever is asked: no 500, no status and no content type that the description does not name."""
    one = data.draw(st.sampled_from(ASKED))
    segments = st.sampled_from(["opal", "vic", "arbitrage", "%00", "%ff", "x y", "%2e%2e", "é", "1"])
    path = re.sub(r"\{\w+\}", lambda _: data.draw(segments), one.path)
    values = st.sampled_from(
        ["", "0", "1", "-1", "1e3", "99999999999999999999", "nan", "\x00", "arbbot", "é"]
    )
    names = st.sampled_from([parameter.name for parameter in one.query] or ["zzz"])
    query = data.draw(st.dictionaries(names, values, max_size=3))
    body = data.draw(bodies(one.asks)) if one.asks else None
    sent = {} if one.asks is None else {"json": body}
    answer = await site.request(one.method, path, params=query, **sent)
    described = DESCRIBED["paths"][one.path][one.method.lower()]["responses"]
    assert answer.status_code < 500, (one.path, query, body, answer.text)
    assert str(answer.status_code) in described, (one.method, path, query, body, answer.text)
    kinds = described[str(answer.status_code)].get("content", {})
    kind = answer.headers.get("content-type", "").partition(";")[0]
    assert kind in kinds if kinds else not answer.content
