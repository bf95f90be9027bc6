"""The sections `route`, `inhibit_rules`, `time_intervals`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from watchkeeper.keeper.alerts.config.document import Raw, fields, mapping, rows, text_map, texts
from watchkeeper.keeper.alerts.errors import AlertingInvalid, IntervalInvalid, MatcherInvalid
from watchkeeper.keeper.alerts.inhibition import InhibitRule
from watchkeeper.keeper.alerts.intervals import Interval, read_interval
from watchkeeper.keeper.alerts.labels import classic_name, telling_name
from watchkeeper.keeper.alerts.matchers import Matcher, Matchers, ordered, read_matchers
from watchkeeper.keeper.alerts.routes import Draft

ROUTE = {
    "receiver": "text",
    "group_by": "texts",
    "match": "any",
    "match_re": "any",
    "matchers": "any",
    "mute_time_intervals": "texts",
    "active_time_intervals": "texts",
    "continue": "flag",
    "routes": "any",
    "group_wait": "length",
    "group_interval": "length",
    "repeat_interval": "length",
    "labels": "map",
}
RULE = {
    "name": "text",
    "source_match": "any",
    "source_match_re": "any",
    "source_matchers": "any",
    "target_match": "any",
    "target_match_re": "any",
    "target_matchers": "any",
    "equal": "texts",
}
# From here on a tree is a mistake, and recursion a danger.
DEEPEST = 64


def read_route(path: str, raw: Raw, depth: int = 0) -> Draft:
    """Read a route and all below it; raise AlertingInvalid."""
    if depth > DEEPEST:
        raise AlertingInvalid(path, f"routes are nested deeper than {DEEPEST}")
    found = fields(path, raw, ROUTE)
    names, by_all = group_by(f"{path}.group_by", found.get("group_by", ()))
    for key in ("group_interval", "repeat_interval"):
        if found.get(key) == 0:
            raise AlertingInvalid(f"{path}.{key}", f"{key} cannot be zero")
    for name in found.get("labels", {}):
        if not classic_name(name):
            raise AlertingInvalid(f"{path}.labels", f'invalid label name "{name}" in route labels')
    return Draft(
        receiver=found.get("receiver") or None,
        group_by=names,
        by_all=by_all,
        group_wait=found.get("group_wait"),
        group_interval=found.get("group_interval"),
        repeat_interval=found.get("repeat_interval"),
        mute_intervals=found.get("mute_time_intervals", ()),
        active_intervals=found.get("active_time_intervals", ()),
        matchers=read_conditions(path, found, ("match", "match_re", "matchers")),
        goes_on=found.get("continue", False),
        labels=found.get("labels", {}),
        children=tuple(
            read_route(where, item, depth + 1) for where, item in rows(f"{path}.routes", found.get("routes"))
        ),
    )


def group_by(path: str, names: tuple[str, ...]) -> tuple[frozenset[str] | None, bool]:
    """Return the labels to group by, None where none is told, and whether it is by all."""
    plain = [name for name in names if name != "..."]
    for name in plain:
        if not telling_name(name):
            raise AlertingInvalid(path, f'invalid label name "{name}" in group_by list')
        if plain.count(name) > 1:
            raise AlertingInvalid(path, f'duplicated label "{name}" in group_by')
    by_all = len(plain) < len(names)
    if by_all and plain:
        reason = "cannot have wildcard group_by (`...`) and other labels at the same time"
        raise AlertingInvalid(path, reason)
    return frozenset(plain) if plain else None, by_all


def read_conditions(path: str, found: Mapping[str, Raw], keys: tuple[str, str, str]) -> Matchers:
    """Read equalities, expressions and matchers into one sorted list."""
    equal, expression, matchers = keys
    read = equalities(f"{path}.{equal}", found.get(equal))
    read += expressions(f"{path}.{expression}", found.get(expression))
    for where, item in rows(f"{path}.{matchers}", found.get(matchers)):
        if not isinstance(item, str):
            raise AlertingInvalid(where, f"expected a matcher, got {item!r}")
        try:
            read += read_matchers(item)
        except MatcherInvalid as error:
            raise AlertingInvalid(where, str(error)) from None
    return ordered(read)


def equalities(path: str, raw: Raw) -> list[Matcher]:
    pairs = text_map(path, {} if raw is None else raw)
    check_names(path, pairs)
    return [Matcher(name, "=", value) for name, value in pairs.items()]


def expressions(path: str, raw: Raw) -> list[Matcher]:
    """Read the older form of expressions; Alertmanager anchors them before it writes route keys."""
    pairs = mapping(path, {} if raw is None else raw)
    check_names(path, pairs)
    found = []
    for name, value in pairs.items():
        if not isinstance(value, str):
            raise AlertingInvalid(f"{path}.{name}", f'invalid regexp value for "{name}"')
        try:
            found.append(Matcher(name, "=~", f"^(?:{value})$"))
        except (MatcherInvalid, re.error) as error:
            raise AlertingInvalid(f"{path}.{name}", str(error)) from None
    return found


def check_names(path: str, pairs: Mapping[str, object]) -> None:
    for name in pairs:
        if not classic_name(name):
            raise AlertingInvalid(path, f'invalid label name "{name}"')


def read_rule(path: str, raw: Raw) -> InhibitRule:
    """Read an inhibition rule; raise AlertingInvalid."""
    found = fields(path, raw, RULE)
    for name in found.get("equal", ()):
        if not telling_name(name):
            raise AlertingInvalid(f"{path}.equal", f'invalid label name "{name}" in equal list')
    return InhibitRule(
        source=read_conditions(path, found, ("source_match", "source_match_re", "source_matchers")),
        target=read_conditions(path, found, ("target_match", "target_match_re", "target_matchers")),
        equal=found.get("equal", ()),
        name=found.get("name", ""),
    )


def read_intervals(key: str, raw: Raw) -> list[tuple[str, str, tuple[Interval, ...]]]:
    """Read (path, name, intervals) of `time_intervals` or `mute_time_intervals`."""
    what = "mute time interval" if key.startswith("mute") else "time interval"
    found = []
    for path, item in rows(key, raw):
        told = fields(path, item, {"name": "text", "time_intervals": "any"})
        if not told.get("name"):
            raise AlertingInvalid(f"{path}.name", f"missing name in {what}")
        intervals = tuple(
            interval(where, one) for where, one in rows(f"{path}.time_intervals", told.get("time_intervals"))
        )
        found.append((path, told["name"], intervals))
    return found


def interval(path: str, raw: Raw) -> Interval:
    try:
        return read_interval(raw)
    except IntervalInvalid as error:
        raise AlertingInvalid(path, str(error)) from None


def read_templates(raw: Raw) -> tuple[str, ...]:
    return texts("templates", raw)
