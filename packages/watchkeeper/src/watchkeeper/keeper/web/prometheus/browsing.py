"""What there is: series, label names, label values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from watchkeeper.keeper.promql.labelling import is_label_name
from watchkeeper.keeper.store import Labels, Matcher, Store
from watchkeeper.keeper.web.prometheus.envelope import BadData, success
from watchkeeper.keeper.web.prometheus.form import Form
from watchkeeper.keeper.web.prometheus.queries import TRUNCATED, running_of, source_of

T = TypeVar("T")
EVER = 2**62
_ESCAPED = re.compile(r"_([0-9a-f]{1,8})_|__")


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
    found = _unescaped(name[3:]) if name.startswith("U__") else name
    if not is_label_name(found):
        raise BadData(f'invalid label name: "{found}"')
    return found


def _unescaped(text: str) -> str:
    try:
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else "_", text)
    except (ValueError, OverflowError):  # no such character
        return f"U__{text}"


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
