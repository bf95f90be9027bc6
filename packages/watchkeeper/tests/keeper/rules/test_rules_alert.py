"""The life of an alert as a state machine."""

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.rules.alert import RESOLVED_KEPT_MS, Alerts, Seen, advance

LABELS = (("alertname", "A"),)
SEEN = {LABELS: Seen(1.0, ())}
STEP = 15_000


def life(sightings: list[bool], hold: int, keep: int) -> list[tuple[int, Alerts]]:
    """Return the alerts after each evaluation."""
    alerts: Alerts = {}
    out = []
    for place, present in enumerate(sightings):
        alerts = advance(alerts, SEEN if present else {}, place * STEP, hold, keep)
        out.append((place * STEP, alerts))
    return out


sightings = st.lists(st.booleans(), max_size=60)
steps = st.integers(0, 6).map(lambda count: count * STEP)


@given(sightings, steps)
def test_an_alert_fires_only_after_it_was_seen_for_its_whole_hold(seen: list[bool], hold: int) -> None:
    """Every evaluation within the hold before a first firing gave the alert."""
    for place, (at, alerts) in enumerate(life(seen, hold, 0)):
        alert = alerts.get(LABELS)
        if alert is not None and alert.state == "firing" and alert.fired_at == at:
            assert all(seen[place - hold // STEP : place + 1])
            assert alert.active_at <= at - hold


@given(sightings, steps)
def test_an_alert_that_is_seen_long_enough_fires(seen: list[bool], hold: int) -> None:
    """No alert is swallowed: after its hold it fires while it is seen."""
    need = hold // STEP + 1
    for place, (_, alerts) in enumerate(life(seen, hold, 0)):
        if place + 1 >= need and all(seen[place + 1 - need : place + 1]):
            assert alerts[LABELS].state == "firing"


@given(sightings, steps, steps)
def test_an_alert_that_is_not_seen_fires_on_for_its_keep_and_no_longer(
    seen: list[bool], hold: int, keep: int
) -> None:
    """keep_firing_for counts from the first evaluation that misses the alert."""
    missing = 0
    before = None
    for present, (_, alerts) in zip(seen, life(seen, hold, keep), strict=True):
        missing = 0 if present else missing + 1
        alert = alerts.get(LABELS)
        if before == "firing" and not present:
            wanted = "firing" if (missing - 1) * STEP < keep else "resolved"
            assert alert is not None and alert.state == wanted
        before = alert.state if alert else None


@given(sightings, steps)
def test_a_pending_alert_that_is_not_seen_is_forgotten(seen: list[bool], hold: int) -> None:
    """What never fired needs no resolution."""
    pending = False
    for present, (_, alerts) in zip(seen, life(seen, hold, 0), strict=True):
        if pending and not present:
            assert LABELS not in alerts
        pending = LABELS in alerts and alerts[LABELS].state == "pending"


def test_a_resolved_alert_is_shown_for_fifteen_minutes_and_then_forgotten() -> None:
    """The last state stays visible for a while, with the time it ended."""
    rounds = RESOLVED_KEPT_MS // STEP
    states = [alerts.get(LABELS) for _, alerts in life([True, *[False] * (rounds + 2)], 0, 0)]
    assert states[1] is not None and states[1].state == "resolved" and states[1].resolved_at == STEP
    assert states[rounds + 1] is not None
    assert states[rounds + 2] is None


def test_an_alert_that_comes_back_begins_anew() -> None:
    """A resolved alert does not lend its hold to the next one."""
    states = [alerts[LABELS] for _, alerts in life([True, True, False, True], STEP, 0)]
    assert [alert.state for alert in states] == ["pending", "firing", "resolved", "pending"]
    assert states[3].active_at == 3 * STEP


def test_a_clock_that_is_set_back_delays_no_alert() -> None:
    """An alert that is pending fires after its `for` by the new clock, not once the old time has come."""
    labels, seen = (("alertname", "A"),), Seen(1.0, ())
    alerts = advance({}, {labels: seen}, 7_200_000, 60_000, 0)
    alerts = advance(alerts, {labels: seen}, 3_600_000, 60_000, 0)
    assert alerts[labels].state == "pending"
    assert advance(alerts, {labels: seen}, 3_660_000, 60_000, 0)[labels].state == "firing"


def test_a_clock_that_is_set_back_keeps_no_alert_firing() -> None:
    """`keep_firing_for` ends by the new clock, too."""
    labels = (("alertname", "A"),)
    alerts = advance({}, {labels: Seen(1.0, ())}, 7_200_000, 0, 60_000)
    alerts = advance(alerts, {}, 7_201_000, 0, 60_000)
    alerts = advance(alerts, {}, 3_600_000, 0, 60_000)
    assert alerts[labels].state == "firing"
    assert advance(alerts, {}, 3_660_000, 0, 60_000)[labels].state == "resolved"
