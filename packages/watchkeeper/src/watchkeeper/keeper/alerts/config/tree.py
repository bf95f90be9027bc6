"""Read a whole `alertmanager.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from watchkeeper.keeper.alerts.alerting import Alerting, Receiver
from watchkeeper.keeper.alerts.config.additions import KEY, read_additions
from watchkeeper.keeper.alerts.config.document import Raw, document, fields, mapping, rows
from watchkeeper.keeper.alerts.config.globals import check_globals, read_globals
from watchkeeper.keeper.alerts.config.ours import with_ours
from watchkeeper.keeper.alerts.config.receivers import read_receiver, receiver_of
from watchkeeper.keeper.alerts.config.routing import (
    read_intervals,
    read_route,
    read_rule,
    read_templates,
)
from watchkeeper.keeper.alerts.errors import AlertingInvalid
from watchkeeper.keeper.alerts.intervals import Interval
from watchkeeper.keeper.alerts.routes import Draft, build

SECTIONS = {
    "global": "any",
    "route": "any",
    "inhibit_rules": "any",
    "receivers": "any",
    "templates": "any",
    "mute_time_intervals": "any",
    "time_intervals": "any",
    "tracing": "any",
    "event_recorder": "any",
    KEY: "any",
}


def parse(text: str) -> Alerting:
    """Read the text of an `alertmanager.yml`; raise AlertingInvalid that names the field.

    Beside Alertmanager's own sections it may hold `watchkeeper`, our additions.
    """
    return read_alerting(document(text), text)


def read_alerting(raw: Mapping[str, Raw], original: str = "") -> Alerting:
    """Read a document whose scalars are texts; raise AlertingInvalid."""
    found = fields("", dict(raw), SECTIONS)
    defaults = read_globals(found.get("global"))
    draft = read_route("route", found["route"]) if "route" in found else None
    rules = [read_rule(path, item) for path, item in rows("inhibit_rules", found.get("inhibit_rules"))]
    told = [(path, *read_receiver(path, item)) for path, item in rows("receivers", found.get("receivers"))]
    intervals = named_intervals(found)
    check_globals(defaults)
    receivers: dict[str, Receiver] = {}
    for path, name, labels, entries in told:
        if name in receivers:
            raise AlertingInvalid(f"{path}.name", f'notification config name "{name}" is not unique')
        receivers[name] = receiver_of(name, labels, entries, defaults)
    receivers = with_ours(receivers, own(found).get("receivers"))
    if draft is None:
        raise AlertingInvalid("route", "no routes provided")
    check_root(draft)
    check_routes(draft, receivers, intervals)
    return Alerting(
        route=build(draft),
        receivers=receivers,
        inhibit_rules=tuple(rules),
        intervals=intervals,
        templates=read_templates(found.get("templates")),
        resolve_timeout=defaults["resolve_timeout"],
        additions=read_additions(found.get(KEY), receivers),
        original=original,
    )


def own(found: Mapping[str, Raw]) -> dict[str, Raw]:
    """Return our own section as it stands."""
    return mapping(KEY, found[KEY]) if KEY in found else {}


def named_intervals(found: Mapping[str, Raw]) -> dict[str, tuple[Interval, ...]]:
    """Return all intervals by name; a name is given once."""
    intervals: dict[str, tuple[Interval, ...]] = {}
    for key in ("mute_time_intervals", "time_intervals"):
        what = "mute time interval" if key.startswith("mute") else "time interval"
        for path, name, one in read_intervals(key, found.get(key)):
            if name in intervals:
                raise AlertingInvalid(f"{path}.name", f'{what} "{name}" is not unique')
            intervals[name] = one
    return intervals


def check_root(root: Draft) -> None:
    """Refuse a root that would not take every alert at every time."""
    if not root.receiver:
        raise AlertingInvalid("route.receiver", "root route must specify a default receiver")
    if root.matchers:
        raise AlertingInvalid("route.matchers", "root route must not have any matchers")
    if root.mute_intervals:
        raise AlertingInvalid("route", "root route must not have any mute time intervals")
    if root.active_intervals:
        raise AlertingInvalid("route", "root route must not have any active time intervals")
    if root.goes_on:
        raise AlertingInvalid("route.continue", "cannot have continue in root route")


def check_routes(root: Draft, receivers: Mapping[str, object], intervals: Mapping[str, object]) -> None:
    """Refuse the name of a receiver or an interval that nobody defines."""
    for path, route in walk("route", root):
        if route.receiver and route.receiver not in receivers:
            reason = f'undefined receiver "{route.receiver}" used in route'
            raise AlertingInvalid(f"{path}.receiver", reason)
        for name in (*route.active_intervals, *route.mute_intervals):
            if name not in intervals:
                raise AlertingInvalid(path, f'undefined time interval "{name}" used in route')


def walk(path: str, draft: Draft) -> Iterator[tuple[str, Draft]]:
    yield path, draft
    for place, child in enumerate(draft.children):
        yield from walk(f"{path}.routes[{place}]", child)
