"""YAML with places: every value knows its line, every unknown key is a problem that names the right one.

As in Prometheus a text may be any scalar, written as it stands: `severity: 5` is the text "5".
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

from watchkeeper.keeper.promql.lexer import milliseconds

from .errors import Problem

T = TypeVar("T")
_LONGEST_MS = 2**63 // 1_000_000


class _Loader(yaml.SafeLoader):
    """Compose nodes only; nothing is constructed from them but the merge of mappings."""


@dataclass(slots=True)
class Document:
    """A file being read, and the problems found in it so far."""

    file: str
    ignore_unknown: bool = False
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, node: yaml.Node | int, text: str) -> None:
        """Note a problem at a node's line."""
        line = node if isinstance(node, int) else node.start_mark.line + 1
        self.problems.append(Problem(self.file, line, text))

    def roots(self, text: str) -> Iterator[yaml.Node]:
        """Yield the documents of a file; a file that is not YAML is a problem."""
        try:
            loader = _Loader(text)
            while loader.check_node():
                node = loader.get_node()
                if node is not None:
                    yield node
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            reason = getattr(error, "problem", None) or str(error)
            self.wrong(mark.line + 1 if mark else 0, f"not YAML: {reason}")
        except RecursionError:
            self.wrong(0, "not YAML: it nests too deep")

    def mapping(self, node: yaml.Node, known: Collection[str], what: str) -> Mapping[str, yaml.Node]:
        """Return a mapping's values by key; unknown and repeated keys are problems."""
        if _is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what}: expected a mapping")
            return {}
        found: dict[str, yaml.Node] = {}
        for key, value in self._pairs(node):
            if key.value not in known:
                self._unknown(key, known, what)
            elif key.value in found:
                self.wrong(key, f"{what}: key {key.value!r} is given twice")
            else:
                found[key.value] = value
        return found

    def texts(self, node: yaml.Node | None, what: str) -> dict[str, tuple[str, int]]:
        """Return a mapping of any keys to texts, each with its line."""
        if node is None or _is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.wrong(node, f"{what}: expected a mapping")
            return {}
        found: dict[str, tuple[str, int]] = {}
        for key, value in self._pairs(node):
            if key.value in found:
                self.wrong(key, f"{what}: key {key.value!r} is given twice")
            found[key.value] = (self.text(value, f"{what}.{key.value}"), key.start_mark.line + 1)
        return found

    def _pairs(self, node: yaml.MappingNode) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        _merge(node)
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key, value
            else:
                self.wrong(key, "expected a plain key")

    def _unknown(self, key: yaml.ScalarNode, known: Collection[str], what: str) -> None:
        if not self.ignore_unknown:
            self.wrong(key, f"{what}: unknown key {key.value!r}; {nearest(key.value, known)}")

    def sequence(self, node: yaml.Node | None, what: str) -> list[yaml.Node]:
        """Return the items of a list."""
        if node is None or _is_null(node):
            return []
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self.wrong(node, f"{what}: expected a list")
        return []

    def text(self, node: yaml.Node | None, what: str) -> str:
        """Return a scalar's text; absent and null are empty."""
        if node is None or _is_null(node):
            return ""
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self.wrong(node, f"{what}: expected a text")
        return ""

    def duration(self, node: yaml.Node | None, what: str) -> int | None:
        """Return a duration such as 1h30m in milliseconds, None when absent."""
        text = self.text(node, what)
        if node is None or (not text and _is_null(node)):
            return None
        try:
            length = 0 if text == "0" else milliseconds(text) if text else None
        except ValueError:
            length = None
        if length is None or length > _LONGEST_MS:
            self.wrong(node, f"{what}: not a valid duration string: {text!r}")
            return None
        return length

    def parsed(self, node: yaml.Node | None, what: str, read: Callable[[str], T], default: T) -> T:
        """Return what `read` makes of a scalar; its ValueError is a problem."""
        if node is None or _is_null(node):
            return default
        try:
            return read(self.text(node, what))
        except ValueError as error:
            self.wrong(node, f"{what}: {error}")
            return default


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def nearest(key: str, known: Collection[str]) -> str:
    """Return a hint: the most similar known key, or all of them."""
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(sorted(known))}"


def whole(text: str) -> int:
    """Read a whole number. Raises ValueError."""
    try:
        return int(text, 10)
    except ValueError:
        raise ValueError(f"expected a whole number, got {text!r}") from None


def truth(text: str) -> bool:
    """Read true or false. Raises ValueError."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    raise ValueError(f"expected true or false, got {text!r}")


def _merge(node: yaml.MappingNode) -> None:
    """Put in place what `<<` refers to; a key of the mapping itself wins over one that is merged."""
    own = [pair for pair in node.value if pair[0].tag != "tag:yaml.org,2002:merge"]
    if len(own) == len(node.value):
        return
    yaml.SafeLoader("").flatten_mapping(node)
    mine = {_name(key) for key, _ in own}
    merged = {_name(key): (key, value) for key, value in node.value[: len(node.value) - len(own)]}
    node.value = [*(pair for name, pair in merged.items() if name not in mine), *own]


def _name(key: yaml.Node) -> str | int:
    return key.value if isinstance(key, yaml.ScalarNode) else id(key)
