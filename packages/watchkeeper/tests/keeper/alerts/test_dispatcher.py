"""The dispatcher: alerts in, notifications and rows out, time an argument."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.keeper.alerts import (
    Acknowledgement,
    AlertUnknown,
    Dispatcher,
    Notification,
    Posted,
    Silence,
    alert_views,
    group_views,
    preview,
)
from watchkeeper.keeper.alerts.changes import Event
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alerts.matchers import read_matchers

CONFIG = """
route:
  receiver: desk
  group_by: [alertname]
  group_wait: 10s
  group_interval: 60s
  repeat_interval: 1h
  routes:
  - matchers: [team="night"]
    receiver: night
    active_time_intervals: [night]
receivers:
- name: desk
  webhook_configs: [{url: 'http://desk'}]
- name: night
  webhook_configs: [{url: 'http://night', send_resolved: false}]
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [bot]
time_intervals:
- name: night
  time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]
"""
DAY = 86_400.0 * 20_000  # midnight, UTC
ALERT = {"alertname": "A", "bot": "b", "severity": "critical"}


def made(extra: str = "", at: float = DAY) -> Dispatcher:
    return Dispatcher(parse(CONFIG + extra), at)


def run(dispatcher: Dispatcher, start: float, end: float, step: float = 1.0) -> list[Notification]:
    """Tick from start to end and hand every notification over."""
    found, now = [], start
    while now <= end:
        told = dispatcher.tick(now)
        dispatcher.handed(told, now)
        found += told
        now += step
    return found


def reasons(found: list[Notification]) -> list[tuple[float, str, str]]:
    return [(one.at - DAY, one.status, one.reason) for one in found]


def fingerprint_of(dispatcher: Dispatcher, now: float) -> str:
    return alert_views(dispatcher, now)[0].alert.fingerprint


def test_a_group_waits_then_tells_then_repeats_then_resolves() -> None:
    """First after group_wait, news at group_interval, repeats after repeat_interval, the end once."""
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 5000)], DAY)
    found = run(desk, DAY, DAY + 5200)
    assert reasons(found) == [
        (10, "firing", "first"),
        (3670, "firing", "repeat"),
        (5050, "resolved", "resolved"),
    ]


def test_an_alert_that_was_not_posted_again_resolves_by_timeout() -> None:
    desk = made()
    desk.receive([Posted(ALERT)], DAY)
    assert reasons(run(desk, DAY, DAY + 400))[-1] == (310, "resolved", "resolved")


def test_a_notification_that_failed_is_asked_for_again() -> None:
    """What nobody took is not in the log, so the next look asks again; a resolved alert stays until then."""
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 30)], DAY)
    [first] = desk.tick(DAY + 10)
    desk.failed(first)
    assert desk.tick(DAY + 69) == []
    # Nobody has heard that it fired, so nobody hears that it is over.
    assert desk.tick(DAY + 70) == []


def test_a_resolved_notification_that_failed_is_asked_for_again() -> None:
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 30)], DAY)
    desk.handed(desk.tick(DAY + 10), DAY + 10)
    [over] = desk.tick(DAY + 70)
    desk.failed(over)
    [again] = desk.tick(DAY + 130)
    assert again.status == "resolved"
    desk.handed([again], DAY + 130)
    assert run(desk, DAY + 131, DAY + 400) == []


def test_an_alert_older_than_group_wait_is_told_at_once() -> None:
    desk = made()
    desk.receive([Posted(ALERT, starts_at=DAY - 60)], DAY)
    assert len(desk.tick(DAY)) == 1


def test_an_inhibited_alert_is_not_told_and_counts_as_suppressed() -> None:
    desk = made()
    desk.receive([Posted(ALERT), Posted({"alertname": "W", "bot": "b", "severity": "warning"})], DAY)
    told = {alert.name for one in run(desk, DAY, DAY + 100) for alert in one.alerts}
    assert told == {"A"}
    assert {one.alert.name: one.status for one in alert_views(desk, DAY + 100)} == {
        "A": "active",
        "W": "suppressed",
    }


def test_an_inhibited_alert_is_not_told_after_a_restart_either() -> None:
    """The sources are known before the first look: no target fires because its source is late."""
    desk = made()
    desk.receive([Posted(ALERT), Posted({"alertname": "W", "bot": "b", "severity": "warning"})], DAY)
    run(desk, DAY, DAY + 100)
    again = Dispatcher(desk.alerting, DAY + 200, desk.memory(DAY + 200))
    assert run(again, DAY + 200, DAY + 280) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 400), st.lists(st.integers(0, 350), max_size=4), st.integers(0, 120))
def test_a_restart_changes_nothing_that_is_told(cut: int, posts: list[int], lasting: int) -> None:
    """A dispatcher that begins with another's memory tells what the other would have told."""

    def live(restart: bool) -> list[tuple[float, str, str]]:
        desk, found = made(), []
        for second in range(420):
            now = DAY + second
            if restart and second == cut:
                desk = Dispatcher(desk.alerting, now, desk.memory(now))
            for place, at in enumerate(posts):
                if at == second:
                    labels = {**ALERT, "instance": str(place)}
                    desk.receive([Posted(labels, ends_at=now + lasting + 1)], now)
            found += run(desk, now, now)
        return reasons(found)

    assert live(restart=True) == live(restart=False)


def test_time_that_nobody_kept_watch_ends_no_alert() -> None:
    """After ten minutes of no keeper an alert that fired still fires, until its sender had its time."""
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 240)], DAY)
    run(desk, DAY, DAY + 60)
    again = Dispatcher(desk.alerting, DAY + 660, desk.memory(DAY + 60))
    found = run(again, DAY + 660, DAY + 1000)
    assert reasons(found) == [(840, "resolved", "resolved")]


def test_a_silence_mutes_until_it_ends() -> None:
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 9000)], DAY)
    silence = Silence((read_matchers('bot="b"'),), DAY, DAY + 100, "ann", "work")
    kept = desk.silence(silence, DAY, "id-1")
    assert [one.silenced_by for one in alert_views(desk, DAY)] == [("id-1",)]
    assert reasons(run(desk, DAY, DAY + 200)) == [(130, "firing", "first")]
    assert desk.suppressed == 2  # the looks after 10 and 70 s
    desk.expire_silence(kept.id, DAY + 200)
    assert desk.silences.get("id-1").state(DAY + 201) == "expired"


def test_a_route_is_mute_outside_its_active_times() -> None:
    """An alert in the night is told, one at noon is not, and its preview says why."""
    night = {"alertname": "N", "team": "night"}
    for hours, told in ((12, 0), (23, 1)):
        desk = made(at=DAY + hours * 3600)
        desk.receive([Posted(night)], DAY + hours * 3600)
        assert len(run(desk, DAY + hours * 3600, DAY + hours * 3600 + 60)) == told
        [passage] = preview(desk, night, DAY + hours * 3600).passages
        assert bool(passage.muted_by) is not bool(told)


def test_a_receiver_that_wants_no_ends_is_told_none() -> None:
    desk = made(at=DAY + 22 * 3600)
    desk.receive([Posted({"alertname": "N", "team": "night"})], DAY + 22 * 3600)
    assert [one.status for one in run(desk, DAY + 22 * 3600, DAY + 22 * 3600 + 600)] == ["firing"]


def test_an_acknowledged_group_is_not_repeated_until_the_time_has_passed() -> None:
    """Receivers hear of it once; the alert is acknowledged in state, by whom, and fires again after."""
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 90_000)], DAY)
    run(desk, DAY, DAY + 60)
    who = Acknowledgement(fingerprint_of(desk, DAY + 60), "ann", DAY + 60, DAY + 8000)
    desk.acknowledge(who)
    assert desk.due() <= DAY + 60
    [view] = alert_views(desk, DAY + 61)
    assert (view.state, view.acknowledgement) == ("acknowledged", who)
    assert reasons(run(desk, DAY + 61, DAY + 9000)) == [
        (60, "firing", "acknowledged"),
        (8050, "firing", "repeat"),
    ]
    assert alert_views(desk, DAY + 9000)[0].state == "firing"


def test_the_end_of_what_was_acknowledged_for_long_is_told() -> None:
    """The log's entry outlives its usual expiry while people have taken the alert on."""
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 90_000)], DAY)
    run(desk, DAY, DAY + 60)
    desk.acknowledge(Acknowledgement(fingerprint_of(desk, DAY + 60), "ann", DAY + 60))
    assert reasons(run(desk, DAY + 61, DAY + 91_000, 10.0))[1:] == [(90_011, "resolved", "resolved")]


def test_nobody_can_acknowledge_what_is_not_there() -> None:
    with pytest.raises(AlertUnknown):
        made().acknowledge(Acknowledgement("0" * 16, "ann", DAY))


def test_a_new_alert_in_an_acknowledged_group_is_told() -> None:
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 90_000)], DAY)
    run(desk, DAY, DAY + 60)
    desk.acknowledge(Acknowledgement(fingerprint_of(desk, DAY + 60), "ann", DAY + 60))
    desk.receive([Posted({**ALERT, "instance": "new"}, ends_at=DAY + 90_000)], DAY + 61)
    assert [one.reason for one in run(desk, DAY + 61, DAY + 140)] == ["acknowledged", "firing"]


def test_states_are_flips_in_order() -> None:
    desk = made()
    desk.receive([Posted(ALERT, ends_at=DAY + 300)], DAY)
    run(desk, DAY, DAY + 60)
    desk.acknowledge(Acknowledgement(fingerprint_of(desk, DAY + 60), "ann", DAY + 60))
    run(desk, DAY + 60, DAY + 400)
    flips = [one.detail for one in desk.changes() if isinstance(one, Event) and one.kind == "state"]
    assert flips == [
        "resolved -> pending",
        "pending -> firing",
        "firing -> acknowledged",
        "acknowledged -> resolved",
    ]


def test_the_dedup_window_swallows_one_that_comes_and_goes() -> None:
    """Fired, over, fired again within the window: told once; what still fires after it is told."""
    desk = made("watchkeeper: {dedup_window: 10m}\n")
    for start in (0, 120, 240):
        desk.receive([Posted(ALERT, ends_at=DAY + start + 30)], DAY + start)
        found = run(desk, DAY + start, DAY + start + 119)
        assert ("first" in [one.reason for one in found]) is (start == 0)
        assert [one.reason for one in found].count("firing") == 0
    desk.receive([Posted(ALERT, ends_at=DAY + 9000)], DAY + 360)
    assert (610, "firing", "firing") in reasons(run(desk, DAY + 360, DAY + 800))


def test_the_cooldown_keeps_tellings_apart_and_loses_none() -> None:
    desk = made("watchkeeper: {cooldown: 5m}\n")
    desk.receive([Posted(ALERT, ends_at=DAY + 9000)], DAY)
    run(desk, DAY, DAY + 30)
    desk.receive([Posted({**ALERT, "instance": "2"}, ends_at=DAY + 100)], DAY + 31)
    found = run(desk, DAY + 31, DAY + 900)
    assert [at for at, _, _ in reasons(found)] == [310]
    assert sorted(alert.status for alert in found[0].alerts) == ["firing", "resolved"]


def test_what_is_not_production_goes_elsewhere_or_nowhere() -> None:
    """Staging never pages the desk; an alert without the label counts as production."""
    extra = "watchkeeper: {environments: {label: env, production: [prod], elsewhere: night}}\n"
    desk = made(extra)
    assert [one.terms.receiver for one in desk.alerting.routes({"env": "staging"})] == ["night"]
    assert [one.terms.receiver for one in desk.alerting.routes({"env": "prod"})] == ["desk"]
    assert [one.terms.receiver for one in desk.alerting.routes({})] == ["desk"]
    nowhere = made("watchkeeper: {environments: {label: env, production: [prod]}}\n")
    assert nowhere.alerting.routes({"env": "staging"}) == []


def test_group_views_show_what_fires() -> None:
    desk = made()
    desk.receive([Posted(ALERT), Posted({"alertname": "B"}, ends_at=DAY)], DAY)
    [group] = group_views(desk, DAY + 1)
    assert (group.key, group.receiver, len(group.alerts)) == ('{}:{alertname="A"}', "desk", 1)


def test_alerts_that_are_over_are_dropped_in_the_end() -> None:
    """A stream of ever new alerts does not grow the memory of a dispatcher without end."""
    desk = made()
    for place in range(50):
        desk.receive([Posted({"alertname": str(place)}, ends_at=DAY + 60)], DAY)
    run(desk, DAY, DAY + 4000, 10.0)
    desk.changes()
    assert len(desk.register.alerts) == 0
    assert list(desk.groups) == []
    run(desk, DAY + 4000, DAY + 20_000, 60.0)
    assert desk.log.entries == {}


def test_good_alerts_of_a_post_are_kept_although_others_are_refused() -> None:
    desk = made()
    errors = desk.receive([Posted({}), Posted(ALERT), Posted(ALERT, starts_at=9, ends_at=1)], DAY)
    assert len(errors) == 2
    assert len(desk.register.alerts) == 1


@pytest.mark.parametrize("flushed", [False, True])
@pytest.mark.parametrize("restart", [False, True])
def test_a_clock_that_is_set_back_puts_no_look_off(flushed: bool, restart: bool) -> None:
    """An hour back in the time of the first look, or between two: the page comes in its usual time."""
    dispatcher = made()
    dispatcher.receive([Posted(ALERT)], DAY)
    if flushed:
        assert len(run(dispatcher, DAY, DAY + 10)) == 1
    dispatcher.receive([Posted({**ALERT, "instance": "2"})], DAY + 11)
    back = DAY - 3600
    if restart:
        dispatcher = Dispatcher(parse(CONFIG), back, dispatcher.memory(DAY + 11))
    found = run(dispatcher, back, back + 200)
    assert [one.status for one in found] == ["firing"]
    assert (found[0].at - back, len(found[0].firing)) == (60.0 if flushed else 10.0, 2)


def test_an_end_counts_that_comes_after_the_clock_was_set_back() -> None:
    """Else an alert of a long time would fire on until the clock is where it was."""
    dispatcher = made()
    dispatcher.receive([Posted(ALERT, starts_at=DAY - 7200, ends_at=DAY + 300)], DAY)
    run(dispatcher, DAY, DAY + 10)
    back = DAY - 3600
    dispatcher.receive([Posted(ALERT, starts_at=DAY - 7200, ends_at=back)], back)
    assert [one.status for one in run(dispatcher, back, back + 61)] == ["resolved"]
