"""What there is: series, label names, label values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.store import Labels, Matcher, Store
from watchkeeper.keeper.web.prometheus.envelope import BadData, success
from watchkeeper.keeper.web.prometheus.form import Form
from watchkeeper.keeper.web.prometheus.queries import TRUNCATED, running_of, source_of

T = TypeVar("T")
EVER = 2**62
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


async def series(request: Request) -> Response:
    """Answer the label sets of the series that a selector matches."""
    form = await Form.of(request)
    selectors = form.matchers("match[]")
    if not selectors:
        raise BadData("no match[] parameter provided")
    span, limit, store = span_of(form), form.count("limit"), source_of(request).store

    def work() -> list[dict[str, str]]:
        return [dict(labels) for labels in listed(store, selectors, span)]

    return cut(await _beside(request, work), limit)


async def labels(request: Request) -> Response:
    """Answer the label names, of all series or of those that match."""
    form = await Form.of(request)
    selectors, span, limit = form.matchers("match[]"), span_of(form), form.count("limit")
    store = source_of(request).store

    def work() -> list[str]:
        if selectors:
            return sorted({name for found in listed(store, selectors, span) for name, _ in found})
        return store.label_names() if overlaps(store, span) else []

    return cut(await _beside(request, work), limit)


async def label_values(request: Request) -> Response:
    """Answer the values of one label, of all series or of those that match."""
    name, form = unescaped(request.path_params["name"]), await Form.of(request)
    selectors, span, limit = form.matchers("match[]"), span_of(form), form.count("limit")
    store = source_of(request).store

    def work() -> list[str]:
        if selectors:
            found = (dict(one).get(name, "") for one in listed(store, selectors, span))
            return sorted({value for value in found if value})
        return store.label_values(name) if overlaps(store, span) else []

    return cut(await _beside(request, work), limit)


def unescaped(name: str) -> str:
    """Return a label name, undoing the escaping U__ of names beyond ASCII; raises BadData."""
    if not _LABEL.match(name):
        raise BadData(f'invalid label name: "{name}"')
    if not name.startswith("U__"):
        return name
    return re.sub(r"_([0-9a-f]{1,8})_|__", lambda m: chr(int(m[1], 16)) if m[1] else "_", name[3:])


def span_of(form: Form) -> tuple[int, int]:
    """Return start and end in milliseconds, all of time where they are not given; raises BadData."""
    return form.time("start", -EVER), form.time("end", EVER)


def overlaps(store: Store, span: tuple[int, int]) -> bool:
    """Tell whether anything is kept within a span; names are not asked series by series, as in Prometheus."""
    stats = store.stats()
    if stats.oldest is None or stats.newest is None:
        return False
    return span[0] <= stats.newest and span[1] >= stats.oldest


def listed(store: Store, selectors: Sequence[list[Matcher]], span: tuple[int, int]) -> list[Labels]:
    """Return the sorted labels of the series that any selector matches, with samples in the span."""
    if len(selectors) == 1:
        return store.series(selectors[0], *span)
    return sorted({found for selector in selectors for found in store.series(selector, *span)})


def cut(found: list[T], limit: int) -> Response:
    """Answer at most `limit` rows, with a warning where some are left off."""
    if limit and len(found) > limit:
        return success(found[:limit], [TRUNCATED])
    return success(found)


async def _beside(request: Request, work: Callable[[], T]) -> T:
    return await running_of(request).run(request, None, lambda _: work())


def counted(values: Iterable[tuple[str, int]], most: int) -> list[dict[str, object]]:
    """Return the largest counts as name and value."""
    rows = sorted(values, key=lambda row: (-row[1], row[0]))[:most]
    return [{"name": name, "value": count} for name, count in rows]
