"""Whether a board makes sense, beyond its shape."""

from __future__ import annotations

from collections.abc import Iterator

from watchkeeper.keeper.promql import PromqlError, parse
from watchkeeper.keeper.web.boards.errors import BadBoard
from watchkeeper.keeper.web.boards.shapes import COLUMNS, Content, Widget


def checked(content: Content) -> Content:
    """Return the content; raises BadBoard naming the first widget that makes no sense."""
    for place, widget in enumerate(content.widgets):
        for problem in problems(widget):
            raise BadBoard(f"widgets[{place}]: {problem}")
    return content


def problems(widget: Widget) -> Iterator[str]:
    """Yield what is wrong with a widget."""
    if widget.place.x + widget.place.w > COLUMNS:
        yield f"place: expected x + w of at most {COLUMNS}"
    if widget.kind in ("text", "flame"):
        if widget.queries:
            yield f"queries: a {widget.kind} has none"
    elif not widget.queries:
        yield f"queries: a {widget.kind} needs at least one"
    for number, query in enumerate(widget.queries):
        try:
            parse(query.expr)
        except PromqlError as error:
            yield f"queries[{number}].expr: {error}"
