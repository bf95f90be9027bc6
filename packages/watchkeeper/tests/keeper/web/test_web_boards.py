"""Boards and annotations: kept, checked, carried away and brought back; never overwritten unseen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watchkeeper.keeper.people import People
from watchkeeper.keeper.promql import parse
from watchkeeper.keeper.web import Desk, Policy, Shelf, create_app
from watchkeeper.keeper.web.boards import BadBoard, files
from watchkeeper.keeper.web.boards.builtin import BUILT_IN
from watchkeeper.keeper.web.boards.grafana import KINDS, dashboard
from watchkeeper.keeper.web.boards.shapes import Board, Content, Place, Query, Widget

NOW = 1_700_000_000.0
MINE = {
    "title": "Mine",
    "tags": ["a"],
    "widgets": [
        {"kind": "stat", "title": "CPU", "unit": "ratio", "queries": [{"expr": "rate(process_cpu[1m])"}]},
        {"kind": "text", "text": "# Hello", "place": {"x": 6, "w": 6}},
        {"kind": "flame", "bot": "arbbot", "place": {"y": 4, "w": 12}},
    ],
}


@pytest.fixture
async def asking(scene: Any, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client that may all."""
    people, shelf = People.open(tmp_path, lambda: NOW), Shelf.open(tmp_path, lambda: scene.now)
    desk = Desk(people, Policy(loopback=False))
    app = create_app(scene.live(), "s3cret", desk=desk, shelf=shelf)
    shown = {"Authorization": "Bearer s3cret"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=shown) as client:
        yield client
    desk.close()
    people.close()
    shelf.close()


async def test_a_board_lives_from_post_to_delete(asking: httpx.AsyncClient) -> None:
    """What was kept is what is answered, with its author and version."""
    made = (await asking.post("/api/boards", json=MINE)).json()
    assert (made["version"], made["author"], made["created"]) == (1, "keeper-token", NOW)
    path = f"/api/boards/{made['id']}"
    assert (await asking.get(path)).json() == made
    rows = {row["id"]: row for row in (await asking.get("/api/boards")).json()["boards"]}
    assert rows[made["id"]]["widgets"] == 3 and rows["arbitrage"]["fixed"]
    assert (await asking.delete(path)).status_code == 204
    assert (await asking.delete(path)).status_code == (await asking.get(path)).status_code == 404


async def test_a_change_that_did_not_see_the_last_one_is_refused(asking: httpx.AsyncClient) -> None:
    """Two editors cannot lose each other's work."""
    id = (await asking.post("/api/boards", json=MINE)).json()["id"]
    first = await asking.put(f"/api/boards/{id}", json={"version": 1, "board": MINE | {"title": "One"}})
    assert (first.json()["version"], first.json()["board"]["title"]) == (2, "One")
    second = await asking.put(f"/api/boards/{id}", json={"version": 1, "board": MINE})
    assert second.status_code == 409 and "version 2" in second.json()["error"]


async def test_the_boards_that_come_with_the_keeper_stay(asking: httpx.AsyncClient) -> None:
    """They can be read and exported, not changed."""
    assert (await asking.delete("/api/boards/arbitrage")).status_code == 409
    changed = await asking.put("/api/boards/arbitrage", json={"version": 1, "board": MINE})
    assert changed.status_code == 409
    assert (await asking.get("/api/boards/process/grafana")).status_code == 200


@pytest.mark.parametrize(
    ("widget", "said"),
    [
        ({"kind": "stat"}, "widgets[0]: queries: a stat needs at least one"),
        ({"kind": "series", "queries": [{"expr": "sum("}]}, "widgets[0]: queries[0].expr"),
        ({"kind": "text", "queries": [{"expr": "up"}]}, "widgets[0]: queries: a text has none"),
        ({"kind": "text", "place": {"x": 8, "w": 6}}, "widgets[0]: place: expected x + w of at most 12"),
        ({"kind": "pie"}, "Invalid enum value 'pie'"),
        ({"kind": "text", "colour": 1}, "unknown field `colour`"),
    ],
)
async def test_a_board_that_makes_no_sense_is_refused(
    asking: httpx.AsyncClient, widget: dict[str, Any], said: str
) -> None:
    """The place is named; nothing is kept."""
    told = await asking.post("/api/boards", json={"title": "x", "widgets": [widget]})
    assert told.status_code == 400 and said in told.json()["error"]
    assert all(row["fixed"] for row in (await asking.get("/api/boards")).json()["boards"])


async def test_an_exported_file_makes_the_same_board(asking: httpx.AsyncClient) -> None:
    """YAML out, YAML in."""
    made = (await asking.post("/api/boards", json=MINE)).json()
    file = await asking.get(f"/api/boards/{made['id']}/yaml")
    assert file.headers["content-type"] == "application/yaml"
    again = await asking.post(
        "/api/boards", content=file.content, headers={"Content-Type": "application/yaml"}
    )
    assert again.status_code == 201 and again.json()["board"] == made["board"]


async def test_a_file_with_half_of_a_surrogate_pair_is_refused(asking: httpx.AsyncClient) -> None:
    """YAML's escapes can spell what no text can hold."""
    file, kind = rb'title: "\ud800"', {"Content-Type": "application/yaml"}
    told = await asking.post("/api/boards", content=file, headers=kind)
    assert told.status_code == 400 and "surrogates" in told.json()["error"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
WIDGETS = st.builds(
    Widget,
    kind=st.sampled_from(sorted(KINDS)),
    title=TEXTS,
    text=TEXTS,
    unit=st.sampled_from(["seconds", "wei", "none"]),
    queries=st.lists(st.builds(Query, expr=st.just("up"), legend=TEXTS), max_size=3),
    place=st.builds(
        Place, x=st.integers(0, 5), y=st.integers(0, 9), w=st.integers(1, 6), h=st.integers(1, 9)
    ),
)
CONTENTS = st.builds(
    Content, title=TEXTS.filter(bool), description=TEXTS, widgets=st.lists(WIDGETS, max_size=4)
)


@example(Content(title="\x85", description="\x85", widgets=[]))
@example(Content(title="a\r\n b\u2028", description=" \u2029\n\n x\t", widgets=[]))
@given(CONTENTS)
def test_any_board_survives_its_file(content: Content) -> None:
    """Whatever the texts hold."""
    assert files.read(files.written(content).encode()) == content


@given(CONTENTS)
def test_any_board_is_a_dashboard(content: Content) -> None:
    """Each widget is one panel inside Grafana's 24 columns, each query a target with its own letter."""
    board = Board(id="x", version=1, fixed=False, author="", created=0, changed=0, board=content)
    made = msgspec.to_builtins(dashboard(board))
    assert [panel["id"] for panel in made["panels"]] == list(range(1, len(content.widgets) + 1))
    for panel, widget in zip(made["panels"], content.widgets, strict=True):
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24 and place["h"] >= 2
        letters = [target["refId"] for target in panel.get("targets", [])]
        wanted = 0 if widget.kind in ("text", "flame") else len(widget.queries)
        assert len(set(letters)) == len(letters) == wanted


def test_the_built_in_boards_ask_what_can_be_answered() -> None:
    """Every expression parses, no two widgets overlap, legends name labels in Grafana's way."""
    for board in BUILT_IN.values():
        taken: set[tuple[int, int]] = set()
        for widget in board.board.widgets:
            place = widget.place
            cells = {(place.x + i, place.y + j) for i in range(place.w) for j in range(place.h)}
            assert not cells & taken and place.x + place.w <= 12
            taken |= cells
            for query in widget.queries:
                parse(query.expr)
    legends = [t["legendFormat"] for p in dashboard(BUILT_IN["arbitrage"])["panels"] for t in p["targets"]]
    assert "{{stage}}" in legends and "refused: {{reason}}" in legends


@pytest.mark.parametrize(
    "text",
    ["a: &a [x]\nb: [*a, *a]", "title: [", "title: 3", "[" * 5000, "title: x\nwidgets: [{kind: pie}]", ""],
)  # fmt: skip
def test_a_file_that_is_no_board_is_refused(text: str) -> None:
    """Aliases, broken YAML, wrong types, deep nests: one named error."""
    with pytest.raises(BadBoard):
        files.read(text.encode())


async def test_annotations_are_found_by_time_and_bot(asking: httpx.AsyncClient, scene: Any) -> None:
    """One with an end is found by any moment of it; one of no bot belongs to all."""
    for body in (
        {"text": "deployed", "at": NOW - 100, "bot": "arbbot", "tags": ["v2"]},
        {"text": "outage", "at": NOW - 50, "until": NOW - 10},
        {"text": "now", "bot": "copybot"},
    ):
        assert (await asking.post("/api/annotations", json=body)).status_code == 201

    async def texts(query: str) -> list[str]:
        rows = (await asking.get(f"/api/annotations?{query}")).json()["annotations"]
        return [row["text"] for row in rows]

    assert await texts("") == ["now", "outage", "deployed"]
    assert await texts(f"start={NOW - 20}&end={NOW - 15}") == ["outage"]
    assert await texts("bot=arbbot") == ["outage", "deployed"]
    assert await texts("limit=1") == ["now"]
    (row,) = (await asking.get("/api/annotations?limit=1")).json()["annotations"]
    assert (row["at"], row["author"]) == (NOW, "keeper-token")
    assert (await asking.delete(f"/api/annotations/{row['id']}")).status_code == 204
    for gone in (row["id"], "x", "9" * 30, "%00"):
        assert (await asking.delete(f"/api/annotations/{gone}")).status_code == 404


async def test_an_annotation_that_ends_before_it_starts_is_refused(asking: httpx.AsyncClient) -> None:
    """Time runs forwards."""
    for body in ({"text": "x", "at": 5, "until": 4}, {"text": "x", "until": 4}, {"text": "x", "at": -1}):
        assert (await asking.post("/api/annotations", json=body)).status_code == 400
