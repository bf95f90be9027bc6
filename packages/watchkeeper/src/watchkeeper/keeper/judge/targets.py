"""Is a target up: what the last scrapes say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from watchkeeper.keeper.judge.finding import CRITICAL, DOWN, UNKNOWN, UP, Finding


@dataclass(frozen=True, slots=True)
class Contact:
    """The last scrape of a target; up is None and at 0 before the first one. Times in seconds.

    owner is its label `bot`, empty without one; bot is never empty.
    """

    job: str
    instance: str
    bot: str
    up: bool | None
    at: float
    interval: float
    error: str = ""
    url: str = ""
    duration: float = 0.0
    samples: int = 0
    owner: str = ""

    @property
    def subject(self) -> str:
        return f"target/{self.job}/{self.instance}"


def owners(contacts: Iterable[Contact]) -> dict[str, str]:
    """Return the bots of targets that are labelled with one, by subject."""
    return {one.subject: one.owner for one in contacts if one.owner}


def target_finding(contact: Contact, now: float, hold: float, severity: str = CRITICAL) -> Finding:
    """Return whether a target is up; a scrape that is long overdue means that nobody knows."""
    subject = contact.subject
    if contact.up is None:
        return Finding(subject, UNKNOWN, "not scraped yet", severity)
    overdue = now - contact.at
    if overdue > stale_after(contact.interval):
        return Finding(subject, UNKNOWN, "no scrape for several intervals", severity)
    if not contact.up:
        return Finding(subject, DOWN, contact.error or "the scrape failed", severity, hold)
    return Finding(subject, UP, "", severity)


def stale_after(interval: float) -> float:
    """Return the age in seconds at which the word of a target no longer counts."""
    return 3 * interval + 2
