"""Templates of messages: read once, expanded for every notification, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from watchkeeper.keeper.notify.errors import TextFailed
from watchkeeper.keeper.notify.message.data import data_of
from watchkeeper.keeper.notify.message.functions import NAMES, functions, html_written
from watchkeeper.keeper.notify.message.view import View
from watchkeeper.keeper.rules.template import Bounds, Record, Template, TemplateError, expand, parse
from watchkeeper.keeper.rules.template.nodes import Body, Branch, Call
from watchkeeper.keeper.rules.template.values import shown

# Below a second: a template that loops holds nobody up for long, and ten thousand alerts fit.
BOUNDS = Bounds(steps=400_000, length=2_000_000, depth=50)


@lru_cache(maxsize=1)
def _defaults() -> Mapping[str, Body]:
    return parse(Path(__file__).with_name("default.tmpl").read_text(encoding="utf-8"), NAMES).defined


class Texts:
    """The named templates of a configuration over the default ones, and texts that use them."""

    def __init__(self, files: Iterable[str] = ()) -> None:
        """Read template files (their texts, in order); raises TextFailed for one that cannot be read."""
        self._named: dict[str, Body] = dict(_defaults())
        for text in files:
            self._named.update(_parsed("templates", text).defined)
        self._read: dict[str, Template | str] = {}

    def check(self, field: str, text: str) -> None:
        """Raise TextFailed where a text cannot be read."""
        self.template(field, text)

    def check_calls(self, field: str, text: str) -> None:
        """Raise TextFailed where a text that can be read uses a named template that nobody defines."""
        template = self.template(field, text)
        waiting, seen = [template.body], {""}
        while waiting:
            for call in calls(waiting.pop()):
                if call.name not in template.defined:
                    raise TextFailed(f'{field}: line {call.line}: template "{call.name}" is not defined')
                if call.name not in seen:
                    seen.add(call.name)
                    waiting.append(template.defined[call.name])

    def expand(self, field: str, text: str, view: View, *, html: bool = False) -> str:
        """Return a text about a view; raises TextFailed naming the field. html escapes what it inserts."""
        return self.of(view).text(field, text, html=html)

    def of(self, view: View) -> Writing:
        """Return what writes texts about one view; the data are made once."""
        return Writing(self, data_of(view), view.at)

    def template(self, field: str, text: str) -> Template:
        """Return a text as it was read, with all named templates; raises TextFailed naming the field."""
        if text not in self._read:
            self._read[text] = self._parsed(text)
        found = self._read[text]
        if isinstance(found, str):
            raise TextFailed(f"{field}: {found}")
        return found

    def _parsed(self, text: str) -> Template | str:
        try:
            read = parse(text, NAMES)
        except TemplateError as error:
            return str(error)
        return Template(read.body, {**self._named, **read.defined})


class Writing:
    """Writes texts about one notification."""

    def __init__(self, texts: Texts, data: Record, now: float) -> None:
        self._texts = texts
        self._data = data
        self._functions = functions(now)

    def text(self, field: str, text: str, *, html: bool = False) -> str:
        """Return a text; raises TextFailed naming the field."""
        if "{{" not in text:
            return text
        template = self._texts.template(field, text)
        written = html_written if html else shown
        try:
            return expand(template, self._data, {}, self._functions, BOUNDS, written)
        except TemplateError as error:
            raise TextFailed(f"{field}: {error}") from None
        except RecursionError:
            raise TextFailed(f"{field}: nested too deep") from None


def calls(body: Body) -> Iterator[Call]:
    """Yield the uses of named templates in a body."""
    for node in body:
        if isinstance(node, Call):
            yield node
        elif isinstance(node, Branch):
            yield from calls(node.body)
            yield from calls(node.otherwise)


def _parsed(field: str, text: str) -> Template:
    try:
        return parse(text, NAMES)
    except TemplateError as error:
        raise TextFailed(f"{field}: {error}") from None
