"""A board as a YAML file, and back."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from watchkeeper.keeper.web.boards.errors import BadBoard
from watchkeeper.keeper.web.boards.shapes import Content

HEAD = "# A board of Watchkeeper: POST it to /api/boards with Content-Type: application/yaml\n"


BREAKS = re.compile("[\r\x85\u2028\u2029]")  # a plain or folded scalar would give them back as others


class Loader(yaml.SafeLoader):
    """YAML without aliases: a few lines of them can stand for billions of values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise BadBoard("aliases (*name) are not taken")
        return super().compose_node(parent, index)


class Dumper(yaml.SafeDumper):
    """YAML that quotes each text whose line ends YAML would read otherwise."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        style = '"' if BREAKS.search(data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


Dumper.add_representer(str, Dumper.represent_str)


def written(content: Content) -> str:
    """Return the file; what has its default is left out."""
    plain = msgspec.to_builtins(content)
    return HEAD + yaml.dump(plain, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)


def read(text: bytes) -> Content:
    """Return the content of a file; raises BadBoard naming what is wrong."""
    try:
        content = msgspec.convert(yaml.load(text, Loader), Content)
        msgspec.json.encode(content)  # YAML can spell half of a surrogate pair, which nothing can keep
        return content
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadBoard(f"the file: {' '.join(str(error).split())}") from None
