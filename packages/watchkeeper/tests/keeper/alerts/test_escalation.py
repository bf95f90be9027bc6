"""Escalation policies, schedules and incidents."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import (
    Acknowledgement,
    Alert,
    AlertingInvalid,
    Dispatcher,
    Notification,
    Posted,
)
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alerts.incidents import Correlation, Dependency, incidents
from watchkeeper.keeper.alerts.labels import labelset
from watchkeeper.keeper.alerts.matchers import read_matchers
from watchkeeper.keeper.alerts.schedules import Override, Rotation, Schedule

DAY = 86_400.0 * 20_000  # 2024-10-04, a Friday, midnight UTC
CONFIG = """
route: {receiver: desk, group_by: [alertname], group_wait: 0s, group_interval: 10s}
receivers:
- name: desk
- name: chat
  webhook_configs: [{url: 'http://chat'}]
- name: ann-pager
  webhook_configs: [{url: 'http://ann'}]
- name: bob-pager
  webhook_configs: [{url: 'http://bob'}]
watchkeeper:
  people:
    ann: {default: [chat], important: [ann-pager]}
    bob: {default: [bob-pager]}
  teams: {trading: [ann, bob]}
  schedules:
  - name: primary
    layers: [{turns: [ann, bob], start: '2024-10-04', days: 1}]
  policies:
  - name: desk
    steps: STEPS
  escalate:
  - matchers: [severity="critical"]
    policy: desk
"""
ALERT = {"alertname": "A", "severity": "critical"}


def made(steps: str) -> Dispatcher:
    return Dispatcher(parse(CONFIG.replace("STEPS", steps)), DAY)


def run(dispatcher: Dispatcher, start: float, end: float) -> list[Notification]:
    found, now = [], DAY + start
    while now <= DAY + end:
        told = dispatcher.tick(now)
        dispatcher.handed(told, now)
        found += told
        now += 1
    return found


def heard(found: list[Notification]) -> list[tuple[float, str, tuple[str, ...], str]]:
    return [(one.at - DAY, one.receiver, one.people, one.status) for one in found]


def test_steps_are_taken_in_order_and_stop_when_somebody_takes_it_on() -> None:
    """Ann at once and urgently, after five minutes the team; nothing more after the acknowledgement."""
    steps = (
        "[{notify: {people: [ann], urgency: important}}, {wait: 5m}, {notify: {team: trading}}, {wait: 5m},"
    )
    desk = made(steps + " {notify: {channel: chat}}]")
    desk.receive([Posted(ALERT, ends_at=DAY + 5000)], DAY)
    assert heard(run(desk, 0, 400)) == [
        (0, "ann-pager", ("ann",), "firing"),
        (300, "chat", ("ann",), "firing"),
        (300, "bob-pager", ("bob",), "firing"),
    ]
    fingerprint = next(iter(desk.register.alerts)).alert.fingerprint
    desk.acknowledge(Acknowledgement(fingerprint, "bob", DAY + 400))
    assert {one.reason for one in run(desk, 401, 2000)} == {"acknowledged"}


def test_who_was_told_by_an_escalation_is_told_of_the_end() -> None:
    desk = made("[{notify: {people: [ann], urgency: important}}]")
    desk.receive([Posted(ALERT, ends_at=DAY + 100)], DAY)
    assert heard(run(desk, 0, 200))[-1] == (100, "ann-pager", (), "resolved")


def test_an_escalation_goes_on_after_a_restart_where_it_was() -> None:
    desk = made("[{wait: 60s}, {notify: {people: [bob]}}]")
    desk.receive([Posted(ALERT, ends_at=DAY + 5000)], DAY)
    run(desk, 0, 30)
    again = Dispatcher(desk.alerting, DAY + 31, desk.memory(DAY + 31))
    assert heard(run(again, 31, 200)) == [(60, "bob-pager", ("bob",), "firing")]


def test_a_policy_repeats_as_often_as_it_says() -> None:
    desk = made("[{notify: {people: [bob]}}, {wait: 60s}, {repeat: 2}]")
    desk.receive([Posted(ALERT, ends_at=DAY + 5000)], DAY)
    assert [at for at, *_ in heard(run(desk, 0, 1000))] == [0, 60, 120]


def test_the_next_of_a_queue_is_told_each_time() -> None:
    desk = made("[{notify: {next_of: [ann, bob]}}, {wait: 60s}, {repeat: 3}]")
    desk.receive([Posted(ALERT, ends_at=DAY + 5000)], DAY)
    people = [whom for _, _, whom, _ in heard(run(desk, 0, 1000))]
    assert people == [("ann",), ("bob",), ("ann",), ("bob",)]


def test_who_is_on_call_is_told() -> None:
    desk = made("[{wait: 1s}, {notify: {schedule: primary}}]")
    for day, who in enumerate(("ann", "bob")):
        desk = made("[{notify: {schedule: primary}}]")
        start = DAY + day * 86_400
        desk.receive([Posted(ALERT, ends_at=start + 60)], start)
        found = desk.tick(start)
        assert [one.people for one in found] == [(who,)]


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("notify: {people: [ann]}", {("chat", ("ann",))}),
        ("notify: {people: [ann], urgency: important}", {("ann-pager", ("ann",))}),
        ("notify: {team: trading}", {("chat", ("ann",)), ("bob-pager", ("bob",))}),
        ("notify: {schedule: primary}", {("chat", ("ann",))}),
        ("notify: {next_of: [bob, ann]}", {("bob-pager", ("bob",))}),
        ("notify: {channel: chat}", {("chat", ())}),
        ("webhook: chat", {("chat", ())}),
    ],
)
def test_each_kind_of_step_tells_whom_it_names(step: str, told: set[tuple[str, tuple[str, ...]]]) -> None:
    """By the receivers of that urgency, once."""
    desk = made(f"[{{{step}}}]")
    desk.receive([Posted(ALERT, ends_at=DAY + 900)], DAY)
    found = heard(run(desk, 0, 60))
    assert {(receiver, people) for _, receiver, people, _ in found} == told
    assert len(found) == len(told)


def test_a_step_waits_for_its_hours() -> None:
    """Between 08:00 and 20:00 only: an alert at midnight is escalated at eight."""
    desk = made("[{only_between: {start_time: '08:00', end_time: '20:00'}}, {notify: {people: [bob]}}]")
    desk.receive([Posted(ALERT, ends_at=DAY + 50_000)], DAY)
    [(at, *_)] = heard(run(desk, 0, 9 * 3600))
    assert 8 * 3600 <= at <= 8 * 3600 + 30


def test_a_step_waits_for_many_alerts() -> None:
    desk = made("[{only_if_more: {alerts: 2, within: 10m}}, {notify: {people: [bob]}}]")
    for place in range(3):
        assert heard(run(desk, place * 60, place * 60 + 59)) == []
        desk.receive([Posted({**ALERT, "place": str(place)}, ends_at=DAY + 9000)], DAY + place * 60 + 59)
    assert len(run(desk, 180, 240)) == 1


def test_a_policy_can_end_what_nobody_cares_for() -> None:
    desk = made("[{wait: 60s}, resolve]")
    desk.receive([Posted(ALERT, ends_at=DAY + 5000)], DAY)
    run(desk, 0, 100)
    [kept] = desk.register.alerts
    assert (kept.state, kept.alert.ends_at) == ("resolved", DAY + 60)


def test_what_no_rule_names_is_not_escalated() -> None:
    desk = made("[{notify: {people: [bob]}}]")
    desk.receive([Posted({"alertname": "B", "severity": "warning"})], DAY)
    assert run(desk, 0, 100) == []


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ("[{notify: {people: [eve]}}]", "steps[0].notify.people"),
        ("[{notify: {team: nope}}]", "steps[0].notify.team"),
        ("[{notify: {people: [ann], team: trading}}]", "steps[0].notify"),
        ("[{notify: {people: [ann], urgency: huge}}]", "steps[0].notify.urgency"),
        ("[{wait: 5x}]", "steps[0].wait"),
        ("[{repeat: 3}]", "steps"),
        ("[{wait: 1m}, {repeat: 99}]", "steps[1].repeat"),
        ("[{wiat: 1m}]", "steps[0].wiat"),
        ("[{only_between: {start_time: '8', end_time: '9'}}]", "steps[0].only_between"),
        ("[{webhook: nope}]", "steps[0].webhook"),
        ("[{wait: 1m, resolve: true}]", "steps[0]"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_with_its_field(steps: str, field: str) -> None:
    with pytest.raises(AlertingInvalid) as error:
        made(steps)
    assert error.value.field == f"watchkeeper.policies[0].{field}"


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_handover_stays_on_the_clock_when_summer_time_ends() -> None:
    """At nine in Berlin, 07:00 UTC in summer, 08:00 in winter."""
    weekly = Rotation((("ann",), ("bob",)), date(2024, 10, 21), 7, 9 * 60, "Europe/Berlin")
    assert weekly.on_call(unix("2024-10-21T06:59")) == ()
    assert weekly.on_call(unix("2024-10-21T07:01")) == ("ann",)
    assert weekly.on_call(unix("2024-10-28T07:59")) == ("ann",)
    assert weekly.on_call(unix("2024-10-28T08:01")) == ("bob",)


@given(st.integers(0, 400), st.integers(1, 9), st.integers(1, 5))
def test_turns_are_fair(day: int, days: int, people: int) -> None:
    """In every full round each person has the same number of days."""
    rotation = Rotation(tuple((str(one),) for one in range(people)), date(2024, 1, 1), days)
    start = unix("2024-01-01T12:00") + day * days * people * 86_400
    turns = [rotation.on_call(start + place * 86_400) for place in range(days * people)]
    assert {turns.count((str(one),)) for one in range(people)} == {days}


def test_an_override_goes_before_the_layers() -> None:
    base = Rotation((("ann",),), date(2024, 1, 1))
    top = Rotation((("bob",),), date(2024, 6, 1))
    stand_in = Override(unix("2024-06-05T00:00"), unix("2024-06-06T00:00"), ("eve",))
    schedule = Schedule("s", (base, top), (stand_in,))
    assert schedule.on_call(unix("2024-05-01T00:00")) == ("ann",)
    assert schedule.on_call(unix("2024-06-04T23:59")) == ("bob",)
    assert schedule.on_call(unix("2024-06-05T00:00")) == ("eve",)
    assert schedule.on_call(unix("2024-06-06T00:00")) == ("bob",)


def alert(at: float, **labels: str) -> Alert:
    return Alert(labelset(labels), (), at)


def test_alerts_that_share_labels_are_one_incident() -> None:
    rows = [alert(1, bot="a", x="1"), alert(2, bot="b"), alert(3, bot="a", x="2"), alert(4)]
    found = incidents(rows, Correlation(labels=("bot",)))
    assert [[one.starts_at for one in incident.alerts] for incident in found] == [[1, 3], [2], [4]]


def test_what_others_depend_on_is_the_cause() -> None:
    """The RPC fails after its victims were noticed, and is named all the same."""
    rule = Correlation(
        dependencies=(Dependency(read_matchers('c="rpc"'), read_matchers('c=~"executor|pools"'), ("bot",)),)
    )
    rows = [alert(1, bot="a", c="executor"), alert(2, bot="a", c="pools"), alert(3, bot="a", c="rpc")]
    [one] = incidents(rows, rule)
    assert (dict(one.cause.labels)["c"], one.id, len(one.alerts)) == ("rpc", rows[0].fingerprint, 3)
    assert len(incidents([*rows, alert(3, bot="b", c="executor")], rule)) == 2


@given(st.lists(st.tuples(st.integers(0, 3000), st.sampled_from("abc"), st.integers(0, 9)), unique=True))
def test_every_alert_is_in_exactly_one_incident(rows: list[tuple[int, str, int]]) -> None:
    alerts = [alert(float(at), bot=bot, n=str(n), began=str(at)) for at, bot, n in rows]
    found = incidents(alerts, Correlation(labels=("bot",), within=600))
    members = [one for incident in found for one in incident.alerts]
    assert sorted(one.labels for one in members) == sorted(one.labels for one in alerts)
    assert all(incident.alerts[0].fingerprint == incident.id for incident in found)


def test_a_clock_that_is_set_back_puts_no_step_off() -> None:
    """The next step comes no later than its own wait, an hour back or not."""
    dispatcher = made("[{wait: 20s}, {notify: {people: [ann]}}]")
    dispatcher.receive([Posted(ALERT)], DAY)
    assert run(dispatcher, 0, 15) == []
    found = run(dispatcher, -3600, -3600 + 20)
    assert [one.receiver for one in found] == ["chat"]
