"""What the tests of telling share: notifications by a few words, recorded tables, a clock by hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchkeeper.keeper.alerts.alert import Alert
from watchkeeper.keeper.alerts.groups import Notification, Slot

DATA = Path(__file__).resolve().parents[6] / "shared" / "data"
MakeAlert = Callable[..., Alert]
Notify = Callable[..., Notification]


def make_alert(name: str = "Down", end: float | None = None, start: float = 1000.0, **notes: str) -> Alert:
    """Return an alert of a bot."""
    labels = (("alertname", name), ("bot", "arb"), ("severity", "critical"))
    return Alert(labels, tuple(sorted(notes.items())) or (("summary", f"{name} is wrong"),), start, end)


def make_notification(
    *alerts: Alert, at: float = 1200.0, group: str = "Down", kind: str = "webhook", reason: str = "first",
    **more: Any,
) -> Notification:  # fmt: skip
    """Return a notification of a group to the receiver `team`."""
    told = alerts or (make_alert(),)
    slot = Slot(f'{{}}:{{alertname="{group}"}}', "team", kind, 0)
    firing = frozenset(one.fingerprint for one in told if one.ends_at is None)
    resolved = frozenset(one.fingerprint for one in told if one.ends_at is not None)
    return Notification(at, slot, (("alertname", group),), tuple(told), firing, resolved, reason, **more)


@pytest.fixture
def alert() -> MakeAlert:
    """Return what makes an alert."""
    return make_alert


@pytest.fixture
def notify() -> Notify:
    """Return what makes a notification."""
    return make_notification


@pytest.fixture
def table() -> Callable[[str], Any]:
    """Return what reads a recorded table; it skips where the folder of recorded data is absent."""

    def read(name: str) -> Any:
        path = DATA / name
        if not path.exists():
            pytest.skip(f"recorded data is absent: {name}")
        return json.loads(path.read_text())

    return read
