"""Boards that people compose, and annotations on the time line: kept as rows, carried away as files.

BoardsError
├── BoardsUnwritable    the file cannot be opened or written
├── Missing             there is no such board or annotation
├── Changed             somebody else has changed the board meanwhile
├── Fixed               a board that comes with the keeper cannot be changed
├── Full                there are as many as are kept
└── BadBoard            a board makes no sense; the text names the place
"""

from watchkeeper.keeper.web.boards.errors import (
    BadBoard,
    BoardsError,
    BoardsUnwritable,
    Changed,
    Fixed,
    Full,
    Missing,
)
from watchkeeper.keeper.web.boards.routes import routes
from watchkeeper.keeper.web.boards.shelf import Shelf

__all__ = [
    "BadBoard",
    "BoardsError",
    "BoardsUnwritable",
    "Changed",
    "Fixed",
    "Full",
    "Missing",
    "Shelf",
    "routes",
]
