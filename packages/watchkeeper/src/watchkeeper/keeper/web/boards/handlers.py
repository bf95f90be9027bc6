"""What the paths of boards and annotations answer."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.web.answers import json, moment, whole
from watchkeeper.keeper.web.boards import files
from watchkeeper.keeper.web.boards.check import checked
from watchkeeper.keeper.web.boards.errors import BadBoard, Missing
from watchkeeper.keeper.web.boards.grafana import dashboard
from watchkeeper.keeper.web.boards.shapes import Board, BoardRow, Content, NewAnnotation, NewContent
from watchkeeper.keeper.web.boards.shelf import Shelf
from watchkeeper.keeper.web.users.bodies import BadBody, raw, read
from watchkeeper.keeper.web.users.record import note
from watchkeeper.keeper.web.users.visitor import visitor_of

JSON, YAML = "application/json", "application/yaml"


def shelf_of(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.shelf
    return shelf


async def boards(request: Request) -> Response:
    """Answer all boards without their widgets."""
    return json({"boards": [row_of(board) for board in shelf_of(request).boards()]})


def row_of(board: Board) -> BoardRow:
    return BoardRow(
        id=board.id,
        version=board.version,
        fixed=board.fixed,
        author=board.author,
        created=board.created,
        changed=board.changed,
        title=board.board.title,
        tags=board.board.tags,
        widgets=len(board.board.widgets),
    )


async def board(request: Request) -> Response:
    """Answer one board."""
    return json(shelf_of(request).board(request.path_params["id"]))


async def add(request: Request) -> Response:
    """Keep a new board, from JSON or from an exported file."""
    made = shelf_of(request).add(checked(await content_of(request)), visitor_of(request).name)
    note(request, resource=f"/api/boards/{made.id}", reason=made.board.title)
    return json(made, 201)


async def content_of(request: Request) -> Content:
    body = await raw(request, (JSON, YAML))
    if request.headers["content-type"].partition(";")[0].strip().lower() == YAML:
        return files.read(body)
    try:
        return msgspec.json.decode(body, type=Content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadBody(f"the body: {problem}") from None


async def change(request: Request) -> Response:
    """Replace a board that was read at a version."""
    asked = await read(request, NewContent)
    id = request.path_params["id"]
    return json(shelf_of(request).change(id, asked.version, checked(asked.board)))


async def remove(request: Request) -> Response:
    """Remove a board."""
    shelf_of(request).remove(request.path_params["id"])
    return Response(status_code=204)


async def as_yaml(request: Request) -> Response:
    """Answer a board as a file."""
    found = shelf_of(request).board(request.path_params["id"])
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{found.id}.yaml"'}
    return Response(files.written(found.board), 200, headers, YAML)


async def as_grafana(request: Request) -> Response:
    """Answer a board as a Grafana dashboard."""
    found = shelf_of(request).board(request.path_params["id"])
    return json(dashboard(found), 200, {"Content-Disposition": f'attachment; filename="{found.id}.json"'})


async def remarks(request: Request) -> Response:
    """Answer the annotations between start and end, newest first."""
    limit = whole(request, "limit", 100, 1, 1_000)
    start, end = moment(request, "start", 0.0), moment(request, "end", 1e11 - 1)
    bot = request.query_params.get("bot", "")
    return json({"annotations": shelf_of(request).annotations(start, end, bot, limit)})


async def annotate(request: Request) -> Response:
    """Keep an annotation."""
    asked = await read(request, NewAnnotation)
    if asked.until is not None and (asked.at is None or asked.until < asked.at):
        raise BadBoard("until: expected a time not before `at`, which must be given, too")
    made = shelf_of(request).annotate(asked, visitor_of(request).name)
    note(request, resource=f"/api/annotations/{made.id}", reason=made.text)
    return json(made, 201)


async def remove_annotation(request: Request) -> Response:
    """Remove an annotation."""
    id = request.path_params["id"]
    if not (id.isascii() and id.isdecimal() and len(id) < 19):
        raise Missing(f"no annotation {id[:40]!r}")
    shelf_of(request).remove_annotation(int(id))
    return Response(status_code=204)
