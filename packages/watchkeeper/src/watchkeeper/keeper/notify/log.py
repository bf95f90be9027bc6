"""Alerts as lines of the keeper's own log."""

from __future__ import annotations

import logging

from watchkeeper.keeper.notify.channel import Telling, document

LOG = logging.getLogger("watchkeeper.alerts")


class LogChannel:
    """Write one line: an error when an alert fires, information when it resolves."""

    name = "log"

    async def send(self, telling: Telling) -> None:
        alert = telling.notice.alert
        told = dict(alert.annotations)
        level = logging.ERROR if alert.ends_at is None else logging.INFO
        LOG.log(
            level,
            "alert %s: %s: %s",
            alert.status,
            told["summary"],
            told.get("resolved_by") or told["reason"] or "no reason told",
            extra={"fields": document(telling)},
        )
