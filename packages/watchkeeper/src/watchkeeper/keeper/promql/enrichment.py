"""info(): add the labels of info metrics, found by the labels that identify a target."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .context import Context
from .errors import EvaluationError
from .labels import NAME, Labels, of, only, text, value_of
from .selectors import instant_with_times
from .series import Grid, Ints, Vector, merged
from .syntax import Aggregate, Binary, Call, Expr, Matcher, Paren, Range, Selector, Span, Subquery, Unary

IDENTIFYING = frozenset({"instance", "job"})
_DEFAULT = Matcher(NAME, "=", "target_info")


@dataclass(frozen=True, slots=True)
class _Infos:
    """Info series by metric and identity: at each step the row of the newest sample, or -1."""

    vector: Vector
    newest: dict[tuple[str, Labels], Ints]


def enriched(
    context: Context, base: Vector, source: Expr, wanted: Sequence[Matcher] | None, grid: Grid
) -> Vector:
    """Add data labels to the series of `base`; `wanted` restricts names, labels and values."""
    matchers = list(wanted) if wanted is not None else [_DEFAULT]
    names = _naming([matcher for matcher in matchers if matcher.name == NAME])
    data = [matcher for matcher in matchers if matcher.name != NAME]
    plain = [all(m.matches(value_of(labels, NAME)) for m in names) for labels in base.labels]
    infos = _fetched(context, base, plain, source, [*names, *data], grid)
    parts = [
        part
        for row in range(len(base))
        for part in ([base.rows([row])] if plain[row] else _variants(base.rows([row]), infos, data))
    ]
    if not parts:
        return base.rows([])
    return merged(
        Vector(
            [labels for part in parts for labels in part.labels],
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.present for part in parts]),
            [drop for part in parts for drop in part.drops],
        )
    ).nonempty()


def _naming(names: list[Matcher]) -> list[Matcher]:
    """Return what the names of info metrics must match: exclusions alone speak of metrics called so."""
    if any(matcher.op in ("=", "=~") for matcher in names):
        return names
    return [Matcher(NAME, "=~", ".+_info"), *names] if names else [_DEFAULT]


def _fetched(
    context: Context, base: Vector, plain: list[bool], source: Expr, matchers: list[Matcher], grid: Grid
) -> _Infos:
    wanted = list(matchers)
    for name in sorted(IDENTIFYING):
        values = {value_of(labels, name) for labels, skip in zip(base.labels, plain, strict=True) if not skip}
        if values - {""}:
            pattern = "|".join(re.escape(value) for value in sorted(values - {""}))
            wanted.append(Matcher(name, "=~", pattern))
    if len(wanted) == len(matchers):
        return _Infos(base.rows([]), {})
    selector = next(_selectors(source), None)
    at, offset = (selector.at, selector.offset) if selector is not None else (None, None)
    found, times = instant_with_times(context, Selector(Span(0, 0), "", tuple(wanted), offset, at), grid)
    return _Infos(found, _newest(found, times))


def _newest(found: Vector, times: Ints) -> dict[tuple[str, Labels], Ints]:
    newest: dict[tuple[str, Labels], Ints] = {}
    for row, labels in enumerate(found.labels):
        key = value_of(labels, NAME), only(labels, IDENTIFYING)
        known = newest.setdefault(key, np.full(found.steps, -1, dtype=np.int64))
        here = found.present[row]
        rival = here & (known >= 0)
        before = times[known, np.arange(found.steps)]
        same = rival & (before == times[row])
        if same.any():
            step = int(np.argmax(same))
            raise EvaluationError(
                f"found duplicate series for info metric: existing {text(found.labels[known[step]])} @ "
                f"{before[step]}, new {text(labels)} @ {times[row, step]}"
            )
        newest[key] = np.where(here & ((known < 0) | (before < times[row])), row, known)
    return newest


def _variants(series: Vector, infos: _Infos, data: list[Matcher]) -> Iterator[Vector]:
    """Yield one series with its labels for each set of info series that it meets over the steps."""
    labels = series.labels[0]
    identity = only(labels, IDENTIFYING)
    choices = [rows for (_, key), rows in infos.newest.items() if key == identity]
    if not choices:
        if all(matcher.matches("") for matcher in data):
            yield series
        return
    # Not np.unique: it would import numpy.ma, 40 ms and 2 MB.
    columns = [tuple(column) for column in np.array(choices).T.tolist()]
    places = {column: place for place, column in enumerate(sorted(set(columns)))}
    which = np.array([places[column] for column in columns])
    for column, place in places.items():
        present = series.present & (which == place)
        rows = [row for row in column if row >= 0]
        if not present.any() or (not rows and not all(matcher.matches("") for matcher in data)):
            continue
        extended = _extended(labels, [infos.vector.labels[row] for row in rows], {m.name for m in data})
        yield Vector([extended], series.values, present, series.drops)


def _extended(labels: Labels, infos: list[Labels], wanted: set[str]) -> Labels:
    known = dict(labels)
    added: dict[str, str] = {}
    for info in infos:
        for name, value in info:
            if name == NAME or (wanted and name not in wanted):
                continue
            if added.get(name, value) != value:
                raise EvaluationError(f"conflicting label: {name}")
            if name not in known:
                added[name] = value
    return of({**known, **added})


def _selectors(expr: Expr) -> Iterator[Selector]:
    match expr:
        case Selector():
            yield expr
        case Range():
            yield expr.selector
        case Binary():
            yield from _selectors(expr.left)
            yield from _selectors(expr.right)
        case Call():
            for arg in expr.args:
                yield from _selectors(arg)
        case Paren() | Unary() | Aggregate() | Subquery():
            yield from _selectors(expr.expr)
        case _:
            pass
