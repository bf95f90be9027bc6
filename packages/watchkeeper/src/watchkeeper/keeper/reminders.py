"""Reminders of silences that somebody may have forgotten. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from watchkeeper.keeper.alerts import AlertView, Posted, Silence
from watchkeeper.keeper.alerts.matchers import matchers_text
from watchkeeper.keeper.alerts.silences import ACTIVE

ALERTNAME = "SilenceForgotten"
DAY = 86_400.0
# A reminder ends by itself unless it is renewed, as any alert does.
RENEWED = 240.0


def reminders(
    silences: Iterable[Silence], views: Sequence[AlertView], now: float, after: float
) -> list[Posted]:
    """Return one alert for each silence that has lasted longer than `after` seconds; 0 is never.

    It says how long, who made it and why, when it ends, and how many alerts it holds back now.
    """
    if after <= 0:
        return []
    old = [one for one in silences if one.state(now) == ACTIVE and now - one.starts_at >= after]
    return [reminder(one, sum(one.id in view.silenced_by for view in views), now) for one in old]


def reminder(silence: Silence, held_back: int, now: float) -> Posted:
    matchers = " or ".join(matchers_text(one) for one in silence.matcher_sets)
    held = f"{held_back} alerts" if held_back else "nothing at present"
    days, left = (now - silence.starts_at) / DAY, (silence.ends_at - now) / DAY
    return Posted(
        labels={"alertname": ALERTNAME, "severity": "info", "silence": silence.id},
        annotations={
            "summary": f"a silence of {silence.created_by or 'somebody'} has lasted {days:.1f} days",
            "description": f"It mutes {matchers}, holds back {held}, and ends in {left:.1f} days."
            + (f" Its comment: {silence.comment}" if silence.comment else ""),
        },
        starts_at=silence.starts_at,
        ends_at=now + RENEWED,
    )
