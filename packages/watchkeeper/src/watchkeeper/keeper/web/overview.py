"""All that the page's first screen shows, as one document of sections."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from watchkeeper.keeper.alerts import FIRING, notices
from watchkeeper.keeper.alerts.subject import RULE, labels_of
from watchkeeper.keeper.judge import Contact, Health, Standing, overall
from watchkeeper.keeper.store import Flip, Matcher
from watchkeeper.keeper.web.board import GENERIC, Board, Figure
from watchkeeper.keeper.web.curves import lines
from watchkeeper.keeper.web.kinds import BOARDS
from watchkeeper.keeper.web.sight import Sight

SHOWN_ROWS = 40
MOST_FIRING = 200
WINDOW_MS = 30_000

Document = dict[str, Any]


def document(sight: Sight) -> Document:
    """Return every section; a section that did not change compares equal to the one before."""
    now = sight.now()
    return {
        "time": round(now, 3),
        "version": sight.version,
        "started": sight.started,
        "overall": overall_section(sight),
        "bots": bot_section(sight),
        "targets": target_section(sight),
        "figures": figure_section(sight, now),
        "alerts": alert_section(sight),
        "flips": [flip_row(flip) for flip in sight.recent(SHOWN_ROWS, alerts=False)],
        "keeper": own_section(sight),
    }


def overall_section(sight: Sight) -> Document:
    whole = sight.overall()
    return {"status": whole.state, "reason": whole.reason, "since": whole.since, "subject": whole.subject}


def bots(contacts: Iterable[Contact]) -> list[str]:
    """Return the names of the bots, in the order of their targets."""
    return list(dict.fromkeys(contact.bot for contact in contacts))


def bot_section(sight: Sight) -> list[Document]:
    contacts = sight.contacts()
    return [bot_row(sight, bot, [c for c in contacts if c.bot == bot]) for bot in bots(contacts)]


def bot_row(sight: Sight, bot: str, contacts: list[Contact]) -> Document:
    """Return one bot: its state by its own subjects and rules, and its components and silence judges."""
    targets = {f"target/{contact.job}/{contact.instance}" for contact in contacts}
    parts = (f"component/{bot}/", f"silence/{bot}/")
    now = sight.now()
    shown = sight.judge.shown(now)
    mine = [s for s in shown if s.subject in targets or s.subject.startswith(parts)]
    whole = overall([*mine, *(s for s in shown if rules_over(s, bot, contacts))], now)
    health = sight.healths().get(bot)
    return {
        "name": bot,
        "status": whole.state,
        "reason": whole.reason,
        "since": whole.since,
        "board": board_of(sight, bot).id,
        "service": health.service if health else "",
        "version": health.version if health else "",
        "started": health.started if health else 0,
        "components": [part_row(sight, s, health) for s in ordered(mine, parts[0])],
        "silence": [part_row(sight, s, None) for s in ordered(mine, parts[1])],
    }


def rules_over(standing: Standing, bot: str, contacts: list[Contact]) -> bool:
    """Tell whether a rule's alert is about a bot: by its name, or by one of its targets."""
    if not standing.subject.startswith(RULE):
        return False
    labels = dict(labels_of(standing.subject, standing.severity))
    if named := labels.get("bot"):
        return named == bot
    instance = labels.get("instance")
    return any(c.job == labels.get("job") and instance in (None, "", c.instance) for c in contacts)


def ordered(standings: list[Standing], prefix: str) -> list[Standing]:
    return sorted((s for s in standings if s.subject.startswith(prefix)), key=lambda s: s.subject)


def part_row(sight: Sight, standing: Standing, health: Health | None) -> Document:
    """Return one component or silence judge."""
    name = standing.subject.split("/", 2)[2]
    told = next((c for c in health.components if c.name == name), None) if health else None
    return {
        "name": name,
        "status": standing.state,
        "reason": standing.reason,
        "since": standing.since,
        "severity": standing.severity,
        "trend": told.trend if told else "",
        "depends": list(told.depends) if told else [],
    }


def target_section(sight: Sight) -> list[Document]:
    shown = {standing.subject: standing for standing in sight.judge.shown(sight.now())}
    return [
        target_row(sight, contact, shown.get(f"target/{contact.job}/{contact.instance}"))
        for contact in sight.contacts()
    ]


def target_row(sight: Sight, contact: Contact, standing: Standing | None) -> Document:
    return {
        "job": contact.job,
        "instance": contact.instance,
        "bot": contact.bot,
        "url": contact.url,
        "status": standing.state if standing else "unknown",
        "since": standing.since if standing else sight.started,
        "reason": contact.error,
        "last_scrape": round(contact.at, 3),
        "duration": round(contact.duration, 5),
        "samples": contact.samples,
        "interval": contact.interval,
    }


def board_of(sight: Sight, bot: str) -> Board:
    """Return the first board whose sign a bot has shown within ten minutes, else the generic one."""
    now = int(sight.now() * 1000)
    for board in BOARDS:
        sign = [*sight.scope(bot), Matcher("__name__", "=", board.sign)]
        if sight.samples.series(sign, now - 600_000, now):
            return board
    return GENERIC


def figure_section(sight: Sight, now: float) -> dict[str, list[Document]]:
    return {
        bot: [figure_row(sight, bot, figure, now) for figure in board_of(sight, bot).figures]
        for bot in bots(sight.contacts())
    }


def figure_row(sight: Sight, bot: str, figure: Figure, now: float) -> Document:
    grid = np.array([int(now * 1000)], dtype=np.int64)
    found = lines(sight.samples, figure.curve, sight.scope(bot), grid, WINDOW_MS)
    value = float(found[0][1][0]) if found else math.nan
    return {"id": figure.id, "title": figure.title, "unit": figure.unit, "value": shown(value, figure.unit)}


def shown(value: float, unit: str) -> float | str | None:
    """Return a number ready for JSON: wei as a decimal string, the unknown as null."""
    if math.isnan(value) or math.isinf(value):
        return None
    return str(int(value)) if unit == "wei" else float(f"{value:.6g}")


def flip_row(flip: Flip) -> Document:
    return {
        "at": flip.at,
        "subject": flip.subject,
        "from_state": flip.from_state,
        "to_state": flip.to_state,
        "reason": flip.reason.partition("\n")[0],
        "severity": flip.severity,
    }


def alert_section(sight: Sight) -> list[Document]:
    """Return every alert that fires now, and of those that are over the newest."""
    firing = sight.flips.alerts_in(FIRING, MOST_FIRING)
    over = [row for row in alert_rows(sight.episodes(SHOWN_ROWS)) if row["status"] != FIRING]
    return newest_first(alert_rows(firing) + over[:SHOWN_ROWS])


def alert_rows(rows: list[Flip]) -> list[Document]:
    """Return alerts from their rows, newest first: one entry per episode, firing or resolved."""
    told = notices(
        (r.at, r.subject.removeprefix("alert/"), r.to_state, r.reason, r.severity) for r in rows[::-1]
    )
    episodes = {(notice.subject, notice.alert.starts_at): notice for notice in told}
    return newest_first(
        {
            "fingerprint": notice.alert.fingerprint,
            "status": notice.status,
            "labels": dict(notice.alert.labels),
            "annotations": dict(notice.alert.annotations),
            "starts_at": notice.alert.starts_at,
            "ends_at": notice.alert.ends_at,
        }
        for notice in episodes.values()
    )


def newest_first(alerts: Iterable[Document]) -> list[Document]:
    return sorted(alerts, key=lambda row: float(row["starts_at"]), reverse=True)


def own_section(sight: Sight) -> Document:
    stats = sight.samples.stats()
    own = {name: float(f"{value:.4g}") for name, value in sight.own().items()}
    return own | {
        "series": stats.series,
        "samples": stats.samples,
        "bytes": stats.bytes,
        "oldest": stats.oldest,
        "corrupt_chunks": stats.corrupt_chunks,
        "flush_failures": stats.flush_failures,
        "last_error": stats.last_error,
    }
