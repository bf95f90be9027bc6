"""The gate: who may ask for what, with a session, a token, or nothing, and what is left in the trail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.keeper.people import People
from watchkeeper.keeper.web import Desk, Policy, create_app
from watchkeeper.keeper.web.users.policy import wanted

NOW = 1_700_000_000.0
GOOD = "correct horse"
HERE = "http://127.0.0.1:8080"


async def deed(request: Request) -> Response:
    """Stand for any write."""
    return Response(status_code=204)


async def broken(request: Request) -> Response:
    raise RuntimeError("no")


MORE = [
    Route("/api/deeds", deed, methods=["POST"]),
    Route("/api/broken", broken, methods=["POST"]),
    Route("/api/v1/write", deed, methods=["POST"]),
    Route("/api/v2/silences", deed, methods=["POST"]),
    Route("/api/v1/query", deed, methods=["GET", "POST"]),
    Route("/ack", deed, methods=["GET", "POST"]),
]


class Site:
    """A keeper's application with its people; `asking` makes clients that each keep their own cookies."""

    def __init__(self, live: Any, people: People, token: str = "", **policy: Any) -> None:
        self.people = people
        self.desk = Desk(people, Policy(**({"loopback": not token} | policy)))
        self.app = create_app(live, token, more=MORE, desk=self.desk)
        self.clients: list[httpx.AsyncClient] = []

    def asking(self, token: str = "", **headers: str) -> httpx.AsyncClient:
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url=HERE, headers=shown | headers)
        self.clients.append(client)
        return client

    async def logged_in(self, name: str) -> httpx.AsyncClient:
        client = self.asking()
        told = await client.post("/api/login", json={"name": name, "password": GOOD})
        assert told.status_code == 200, told.text
        client.headers["X-CSRF-Token"] = told.json()["csrf"]
        return client

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()
        self.desk.close()


@pytest.fixture
async def people(scene: Any, tmp_path: Path) -> AsyncIterator[People]:
    made = People.open(tmp_path, lambda: scene.now, session_seconds=3600)
    yield made
    made.close()


@pytest.fixture
async def bare(scene: Any, people: People) -> AsyncIterator[Site]:
    """Yield a keeper on loopback without any user."""
    site = Site(scene.live(), people)
    yield site
    await site.close()


@pytest.fixture
async def staffed(bare: Site) -> Site:
    """Return a keeper with one user of each role."""
    bare.people.accounts.first("ann", GOOD)
    bare.people.accounts.add("opal", "operator", GOOD)
    bare.people.accounts.add("vic", "viewer", GOOD)
    return bare


async def test_a_keeper_without_users_is_read_only_on_loopback(bare: Site) -> None:
    """The demo shows everything and lets nobody write, not even a page of its own."""
    asking = bare.asking()
    assert (await asking.get("/api/overview")).status_code == 200
    for path in ("/api/deeds", "/api/tokens", "/api/users", "/api/logout"):
        assert (await asking.post(path, json={})).status_code == 401
    by_page = bare.asking(Origin=HERE, **{"Sec-Fetch-Mode": "cors"})
    assert (await by_page.post("/api/v2/silences", json={})).status_code == 401
    told = (await asking.get("/api/session")).json()
    assert (told["way"], told["rights"], told["setup"]) == ("none", ["read"], True)
    assert bare.people.trail.recent(10) == []


async def test_programs_of_this_machine_need_no_token_until_there_is_a_user(bare: Site) -> None:
    """Prometheus and amtool work at once on loopback; a web page never passes for one of them."""
    assert (await bare.asking().post("/api/v1/write")).status_code == 204
    assert (await bare.asking().post("/api/v2/silences")).status_code == 204
    foreign = bare.asking(Origin="http://evil.example")
    assert (await foreign.post("/api/v1/write")).status_code == 403
    bare.people.accounts.first("ann", GOOD)
    assert (await bare.asking().post("/api/v1/write")).status_code == 401


async def test_first_run_makes_an_admin_with_the_code_and_logs_in(bare: Site) -> None:
    """The code opens the door once."""
    asking, code = bare.asking(), bare.people.setup_code
    wrong = await asking.post("/api/setup", json={"code": "x", "name": "ann", "password": GOOD})
    assert wrong.status_code == 401
    made = await asking.post("/api/setup", json={"code": code, "name": "ann", "password": GOOD})
    assert (made.status_code, made.json()["role"], made.json()["setup"]) == (201, "admin", False)
    assert (await asking.get("/api/users")).json()["users"][0]["name"] == "ann"
    again = await bare.asking().post("/api/setup", json={"code": code, "name": "eve", "password": GOOD})
    assert again.status_code == 409
    assert (await bare.asking().get("/api/overview")).status_code == 401


async def test_the_cookie_is_kept_from_scripts_and_other_sites(staffed: Site) -> None:
    """HttpOnly, SameSite=Strict, a name per port, Secure where asked for."""
    told = await staffed.asking().post("/api/login", json={"name": "vic", "password": GOOD})
    cookie = told.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "secure" not in cookie
    assert cookie.startswith("watchkeeper_") and "max-age=43200" in cookie
    staffed.desk.policy = Policy(secure_cookie=True)
    told = await staffed.asking().post("/api/login", json={"name": "vic", "password": GOOD})
    assert "secure" in told.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("name", "read", "write", "listed"),
    [("vic", 200, 403, 403), ("opal", 200, 204, 403), ("ann", 200, 204, 200)],
)
async def test_each_role_may_what_it_should(
    staffed: Site, name: str, read: int, write: int, listed: int
) -> None:
    """A viewer reads, an operator writes, an admin sees users and the trail."""
    asking = await staffed.logged_in(name)
    assert (await asking.get("/api/overview")).status_code == read
    assert (await asking.post("/api/v1/query")).status_code == 204
    assert (await asking.post("/api/deeds")).status_code == write
    assert (await asking.post("/api/v2/silences")).status_code == write
    assert (await asking.get("/api/users")).status_code == listed
    assert (await asking.get("/api/audit")).status_code == listed


async def test_a_write_must_show_the_sessions_own_csrf_value(staffed: Site) -> None:
    """A cookie alone, or with another session's value, writes nothing; nor does a foreign page."""
    asking, other = await staffed.logged_in("opal"), await staffed.logged_in("opal")
    for header in ({"X-CSRF-Token": ""}, {"X-CSRF-Token": other.headers["X-CSRF-Token"]}):
        assert (await asking.post("/api/deeds", headers=header)).status_code == 403
    for origin in ("http://evil.example", "null"):
        assert (await asking.post("/api/deeds", headers={"Origin": origin})).status_code == 403
    assert (await asking.post("/api/deeds", headers={"Origin": HERE})).status_code == 204


async def test_logout_ends_the_session_here_and_now(staffed: Site) -> None:
    """The old cookie is worth nothing afterwards."""
    asking = await staffed.logged_in("ann")
    cookies = dict(asking.cookies)
    assert (await asking.post("/api/logout")).status_code == 204
    old = staffed.asking()
    old.cookies.update(cookies)
    assert (await old.get("/api/overview")).status_code == 401


async def test_wrong_logins_are_slowed_down(staffed: Site) -> None:
    """The sixth try is told when to come back; the trail holds those that counted."""
    asking = staffed.asking()
    wrong = {"name": "ann", "password": "wrong password"}
    told = [(await asking.post("/api/login", json=wrong)) for _ in range(6)]
    assert [answer.status_code for answer in told] == [401] * 5 + [429]
    assert int(told[-1].headers["retry-after"]) >= 1
    rows = staffed.people.trail.recent(10)
    assert [(row.kind, row.actor, row.result) for row in rows] == [("login", "ann", "refused")] * 5


async def test_a_password_is_changed_by_its_owner(staffed: Site) -> None:
    """The old one is asked for; other sessions end, this one goes on under a new key."""
    asking, elsewhere = await staffed.logged_in("vic"), await staffed.logged_in("vic")
    wrong = await asking.post("/api/password", json={"old": "not this one", "new": "another one!"})
    assert wrong.status_code == 401
    told = await asking.post("/api/password", json={"old": GOOD, "new": "another one!"})
    assert told.status_code == 200
    assert (await asking.get("/api/overview")).status_code == 200
    assert (await elsewhere.get("/api/overview")).status_code == 401


async def test_tokens_open_to_programs_what_their_scopes_say(staffed: Site, scene: Any) -> None:
    """Told once, as Bearer or as a password, no CSRF value needed, until they end."""
    asking = await staffed.logged_in("opal")
    made = await asking.post("/api/tokens", json={"name": "prom", "scopes": ["ingest"], "expires_in": 60})
    assert made.status_code == 201
    token, kept = made.json()["token"], made.json()["kept"]
    program = staffed.asking(token)
    assert (await program.post("/api/v1/write")).status_code == 204
    assert (await staffed.asking().post("/api/v1/write", auth=("any", token))).status_code == 204
    assert (await program.get("/api/overview")).status_code == 403
    assert (await program.post("/api/tokens", json={"name": "x", "scopes": ["read"]})).status_code == 403
    assert [row["id"] for row in (await asking.get("/api/tokens")).json()["tokens"]] == [kept["id"]]
    assert token not in (await asking.get("/api/tokens")).text
    scene.now += 61
    assert (await program.post("/api/v1/write")).status_code == 401


async def test_only_owner_and_admin_see_and_remove_a_token(staffed: Site) -> None:
    """To others it does not exist."""
    opal, vic, ann = [await staffed.logged_in(name) for name in ("opal", "vic", "ann")]
    id = (await opal.post("/api/tokens", json={"name": "t", "scopes": ["read"]})).json()["kept"]["id"]
    assert (await vic.get("/api/tokens")).json()["tokens"] == []
    assert (await vic.delete(f"/api/tokens/{id}")).status_code == 404
    assert len((await ann.get("/api/tokens")).json()["tokens"]) == 1
    assert (await ann.delete(f"/api/tokens/{id}")).status_code == 204
    assert (await opal.delete(f"/api/tokens/{id}")).status_code == 404


async def test_users_are_made_changed_and_removed_by_admins(staffed: Site) -> None:
    """Each step is told, wrong ones with the reason; the only admin stays."""
    ann = await staffed.logged_in("ann")
    new = {"name": "zoe", "role": "viewer", "password": GOOD}
    assert (await ann.post("/api/users", json=new)).status_code == 201
    assert (await ann.post("/api/users", json=new)).status_code == 409
    assert (await ann.post("/api/users", json=new | {"role": "root"})).status_code == 400
    assert (await ann.post("/api/users", json=new | {"naem": "x"})).status_code == 400
    zoe = await staffed.logged_in("zoe")
    changed = await ann.patch("/api/users/zoe", json={"role": "operator"})
    assert changed.json()["role"] == "operator"
    assert (await zoe.get("/api/overview")).status_code == 401
    assert (await ann.patch("/api/users/ann", json={"disabled": True})).status_code == 409
    assert (await ann.delete("/api/users/zoe")).status_code == 204
    assert (await ann.get("/api/users/zoe")).status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"password": "another horse", "role": "viewer"}, 409),
        ({"password": "another horse", "disabled": True}, 409),
        ({"password": "short", "role": "admin"}, 400),
        ({"role": "admin", "disabled": True}, 409),
    ],
)
async def test_a_refused_change_of_a_user_changes_nothing(
    staffed: Site, change: dict[str, Any], status: int
) -> None:
    """What is answered with an error has neither changed the password nor ended a session."""
    ann = await staffed.logged_in("ann")
    before = staffed.people.accounts.get("ann")
    assert (await ann.patch("/api/users/ann", json=change)).status_code == status
    assert staffed.people.accounts.get("ann") == before
    assert (await ann.get("/api/session")).json()["user"] == "ann"
    assert staffed.people.accounts.holds("ann", GOOD)


@pytest.mark.parametrize("origin", ["null", "http://[", "http://evil.example", "http://[::1", "//["])
async def test_a_foreign_or_broken_origin_is_refused(staffed: Site, origin: str) -> None:
    """Whatever a browser calls its page, a write for a page that is not ours is a 403."""
    opal = await staffed.logged_in("opal")
    for path in ("/api/deeds", "/api/login", "/api/v1/write", "/ack"):
        assert (await opal.post(path, json={}, headers={"Origin": origin})).status_code == 403


async def test_every_write_is_a_row_without_secrets(staffed: Site) -> None:
    """Who, what, how it ended; also what was refused and what broke, and never a password."""
    ann, vic = await staffed.logged_in("ann"), await staffed.logged_in("vic")
    await ann.post("/api/users", json={"name": "zoe", "role": "viewer", "password": "Tr0ub4dor&3x"})
    await vic.post("/api/deeds")
    assert (await ann.post("/api/broken")).status_code == 500
    told = (await ann.get("/api/audit")).json()["entries"]
    assert [(row["actor"], row["kind"], row["result"], row["status"]) for row in told[:3]] == [
        ("ann", "broken", "failed", 500), ("vic", "deeds", "refused", 403), ("ann", "users", "done", 201),
    ]  # fmt: skip
    assert told[2]["resource"] == "/api/users/zoe" and told[2]["reason"] == "role viewer"
    assert "Tr0ub4dor" not in str(told) and GOOD not in str(told)
    page = (await ann.get("/api/audit?limit=2")).json()
    rest = (await ann.get(f"/api/audit?limit=2&before={page['next']}")).json()
    assert [row["id"] for row in page["entries"] + rest["entries"]] == [row["id"] for row in told[:4]]


async def test_strangers_leave_no_rows(staffed: Site) -> None:
    """Who is nobody cannot fill the trail."""
    asking = staffed.asking()
    for path, status in (("/api/deeds", 401), ("/anything", 405), ("/api/login", 415), ("/api/setup", 415)):
        assert (await asking.post(path)).status_code == status
    foreign = {"Origin": "http://evil.example"}
    assert (await asking.post("/api/login", json={}, headers=foreign)).status_code == 403
    assert staffed.people.trail.recent(10) == []


async def test_a_trail_that_cannot_be_written_stops_writes(staffed: Site) -> None:
    """No row, no deed."""
    asking = await staffed.logged_in("opal")
    staffed.people._rows._db.execute("PRAGMA query_only=ON")
    assert (await asking.post("/api/deeds")).status_code == 503
    assert (await asking.get("/api/overview")).status_code == 200


async def test_the_keepers_own_token_is_an_admin(scene: Any, people: People) -> None:
    """Off loopback everything wants it until there are users; then the page asks for a login itself."""
    site = Site(scene.live(), people, token="s3cret")
    stranger, owner = site.asking(), site.asking("s3cret")
    for path in ("/", "/api/session", "/api/overview", "/metrics", "/health/live"):
        refused = await stranger.get(path)
        assert refused.status_code == 401 and "Basic" in refused.headers["www-authenticate"]
        assert (await owner.get(path)).status_code == 200
    assert (await owner.post("/api/deeds")).status_code == 204
    people.accounts.first("ann", GOOD)
    assert (await stranger.get("/")).status_code == 200
    assert (await stranger.get("/api/session")).json()["way"] == "none"
    refused = await stranger.get("/api/overview")
    assert refused.status_code == 401 and "Basic" not in refused.headers["www-authenticate"]
    assert (await stranger.get("/metrics")).status_code == 401
    assert (await owner.get("/api/users")).status_code == 200
    await site.close()


@pytest.mark.parametrize("token", ["", "s3cret"])
async def test_a_link_of_a_message_needs_no_login(scene: Any, people: People, token: str) -> None:
    """Neither before there are users nor after; its own token is asked for behind the gate."""
    site = Site(scene.live(), people, token=token)
    for _ in range(2):
        for shown in ("", "wrong"):
            assert (await site.asking(shown).get("/ack")).status_code == 204
            assert (await site.asking(shown).post("/ack")).status_code == 204
        assert (await site.asking(Origin="http://evil.example").post("/ack")).status_code == 403
        if not people.any():
            people.accounts.first("ann", GOOD)
    assert {(row.way, row.status) for row in people.trail.recent(9)} == {("none", 204), ("wrong", 204)}
    assert (await (await site.logged_in("ann")).post("/ack")).status_code == 204
    await site.close()


async def test_probes_answer_everybody_on_loopback(staffed: Site) -> None:
    """A scraper and a supervisor need no login there."""
    for path in ("/health/live", "/metrics"):
        assert (await staffed.asking().get(path)).status_code == 200


async def test_the_settings_of_access_are_kept(scene: Any, people: People) -> None:
    """anonymous: none closes reading, viewer opens it for good; programs: token closes their paths."""
    closed = Site(scene.live(), people, anonymous="none", programs="token")
    assert (await closed.asking().get("/api/overview")).status_code == 401
    assert (await closed.asking().post("/api/v1/write")).status_code == 401
    people.accounts.first("ann", GOOD)
    opened = Site(scene.live(), people, anonymous="viewer", programs="open")
    assert (await opened.asking().get("/api/overview")).status_code == 200
    assert (await opened.asking().post("/api/deeds")).status_code == 401
    assert (await opened.asking().post("/api/v1/write")).status_code == 204
    await closed.close()
    await opened.close()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"name": 1, "password": "x"}', "application/json", 400),
        (b'{"name": "\\ud800", "password": "x"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"name=ann", "application/x-www-form-urlencoded", 415),
        (b"x" * 300_000, "application/json", 413),
    ],
)
async def test_a_body_that_is_none_is_refused(bare: Site, body: bytes, kind: str, status: int) -> None:
    """JSON alone, of the right shape, bounded."""
    told = await bare.asking().post("/api/login", content=body, headers={"Content-Type": kind})
    assert (told.status_code, told.json()["status"]) == (status, "error")


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("GET", "/", "public"),
        ("POST", "/ack", "signed"),
        ("GET", "/ack.js", "signed"),
        ("POST", "/ack/x", "public"),
        ("GET", "/assets/a.js", "public"),
        ("GET", "/api/overview", "read"),
        ("GET", "/federate", "read"),
        ("POST", "/api/v1/series", "read"),
        ("POST", "/api/v1/write", "ingest"),
        ("POST", "/api/v2/alerts", "ingest"),
        ("DELETE", "/api/v2/silence/x", "operate"),
        ("POST", "/api/v1/admin/tsdb/snapshot", "operate"),
        ("GET", "/api/users/ann", "administer"),
        ("GET", "/api/audit", "administer"),
        ("GET", "/api/usersx", "read"),
        ("DELETE", "/api/tokens/x", "self"),
        ("PUT", "/api/whatever", "operate"),
        ("GET", "/metrics", "probe"),
    ],
)
def test_each_path_wants_its_right(method: str, path: str, need: str) -> None:
    """What nobody thought of wants the right to operate."""
    assert wanted(method, path) == need
