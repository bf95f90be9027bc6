"""A board as a YAML file, and back."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from watchkeeper.keeper.web.boards.errors import BadBoard
from watchkeeper.keeper.web.boards.shapes import Content

HEAD = "# A board of Watchkeeper: POST it to /api/boards with Content-Type: application/yaml\n"


class Loader(yaml.SafeLoader):
    """YAML without aliases: a few lines of them can stand for billions of values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise BadBoard("aliases (*name) are not taken")
        return super().compose_node(parent, index)


def written(content: Content) -> str:
    """Return the file; what has its default is left out."""
    plain = msgspec.to_builtins(content)
    return HEAD + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100)


def read(text: bytes) -> Content:
    """Return the content of a file; raises BadBoard naming what is wrong."""
    try:
        return msgspec.convert(yaml.load(text, Loader), Content)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadBoard(f"the file: {' '.join(str(error).split())}") from None
