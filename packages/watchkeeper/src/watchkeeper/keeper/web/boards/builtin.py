"""The boards that come with the keeper, made from the panels of its first page."""

from __future__ import annotations

from watchkeeper.keeper.web import board as own
from watchkeeper.keeper.web.boards.shapes import COLUMNS, Board, Content, Place, Query, Widget
from watchkeeper.keeper.web.kinds import BOARDS

FIGURE = (3, 2)
PANEL = (6, 5)


def content_of(board: own.Board) -> Content:
    """Return a board's figures as stats in rows of four, and its panels as series in rows of two."""
    figures = [
        Widget(
            kind="stat",
            title=figure.title,
            unit=figure.unit,
            queries=[Query(expr=figure.curve.expr())],
            place=placed(number, *FIGURE, 0),
        )
        for number, figure in enumerate(board.figures)
    ]
    below = max((one.place.y + one.place.h for one in figures), default=0)
    panels = [series_of(panel, placed(number, *PANEL, below)) for number, panel in enumerate(board.panels)]
    return Content(title=board.title, tags=["watchkeeper"], widgets=[*figures, *panels])


def series_of(panel: own.Panel, place: Place) -> Widget:
    return Widget(
        kind="series",
        title=f"{panel.title} ({panel.note})" if panel.note else panel.title,
        unit=panel.unit,
        scale=panel.scale,
        queries=[Query(expr=curve.expr(), legend=curve.label) for curve in panel.curves],
        place=place,
    )


def placed(number: int, width: int, height: int, top: int) -> Place:
    """Return the place of the numbered of equal widgets, filled row by row."""
    row, column = divmod(number, COLUMNS // width)
    return Place(x=column * width, y=top + row * height, w=width, h=height)


BUILT_IN: dict[str, Board] = {
    board.id: Board(
        id=board.id,
        version=1,
        fixed=True,
        author="watchkeeper",
        created=0.0,
        changed=0.0,
        board=content_of(board),
    )
    for board in (*BOARDS, own.GENERIC)
}
