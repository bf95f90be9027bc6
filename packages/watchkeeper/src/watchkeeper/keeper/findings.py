"""Gather what the judge is to look at, from contacts, health documents and samples."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from watchkeeper.keeper.asking import Asker
from watchkeeper.keeper.config import Config
from watchkeeper.keeper.judge import (
    Contact,
    Finding,
    Judge,
    Movement,
    SilenceRule,
    component_findings,
    silence_finding,
    target_finding,
)
from watchkeeper.keeper.judge.silence import latest, movement
from watchkeeper.keeper.judge.targets import stale_after
from watchkeeper.keeper.store import Matcher, Store

NEVER = Movement(None, None, None)


def silence_rules(config: Config) -> list[SilenceRule]:
    """Return the silence judges; a metric named like a time is a timestamp, any other must move."""
    return [
        SilenceRule(
            name=judge.name,
            metric=judge.metric,
            limit=float(judge.limit),
            kind=kind_of(judge.metric) if judge.kind == "auto" else judge.kind,
            severity=judge.severity,
            what=judge.what,
        )
        for judge in config.judge.silence
    ]


def kind_of(metric: str) -> str:
    return "timestamp" if metric.endswith("_timestamp_seconds") else "counter"


@dataclass(slots=True)
class Gathering:
    """Everything that is looked at in one round; `started` is when this keeper did (Unix seconds)."""

    config: Config
    rules: list[SilenceRule]
    samples: Store
    asker: Asker
    started: float

    def findings(self, contacts: list[Contact], judge: Judge, now: float) -> list[Finding]:
        """Return one finding per subject."""
        found = [self._target(contact, now) for contact in contacts]
        bots = by_bot(contacts)
        for bot, mine in bots.items():
            found += self._components(bot, mine, judge, now)
        for rule in self.rules:
            found += self._silence(rule, bots, judge, now)
        return found

    def _target(self, contact: Contact, now: float) -> Finding:
        limits = self.config.judge.target_down
        finding = target_finding(contact, now, float(limits.hold), limits.severity)
        return self._patient(finding, contact.interval, now)

    def _components(self, bot: str, contacts: list[Contact], judge: Judge, now: float) -> list[Finding]:
        fresh = any(self.asker.fresh(contact, now) for contact in contacts)
        known = judge.known(f"component/{bot}/")
        hold = float(self.config.judge.component.hold)
        found = component_findings(bot, self.asker.healths.get(bot), fresh, known, hold)
        return [self._patient(finding, contacts[0].interval, now) for finding in found]

    def _silence(
        self, rule: SilenceRule, bots: dict[str, list[Contact]], judge: Judge, now: float
    ) -> list[Finding]:
        seen = self._movements(rule, bots, now)
        held = {subject for subject, _ in judge.known("silence/")}
        found = []
        for bot, contacts in bots.items():
            if bot in seen or f"silence/{bot}/{rule.name}" in held:
                up = any(contact.up for contact in contacts)
                finding = silence_finding(rule, bot, seen.get(bot, NEVER), now, up)
                found.append(self._patient(finding, contacts[0].interval, now))
        return found

    def _movements(
        self, rule: SilenceRule, bots: dict[str, list[Contact]], now: float
    ) -> dict[str, Movement]:
        """Return when the rule's metric last moved, by bot."""
        owner = {(c.job, c.instance): bot for bot, contacts in bots.items() for c in contacts}
        slowest = max((c.interval for contacts in bots.values() for c in contacts), default=1.0)
        back = rule.limit + stale_after(slowest)
        matchers = [Matcher("__name__", "=", rule.metric)]
        found = defaultdict(list)
        for series in self.samples.select(matchers, int((now - back) * 1000), int((now + 60) * 1000)):
            labels = dict(series.labels)
            bot = owner.get((labels.get("job", ""), labels.get("instance", "")))
            if bot is not None:
                times, values = (series.times / 1000).tolist(), series.values.tolist()
                found[bot].append(movement(rule, times, values))
        return {bot: latest(movements) for bot, movements in found.items()}

    def _patient(self, finding: Finding, interval: float, now: float) -> Finding:
        """Let a keeper that has just started ask once before it writes down that it does not know."""
        grace = stale_after(interval) + interval
        if finding.state != "unknown" or not 0 <= now - self.started < grace:
            return finding
        return Finding(finding.subject, finding.state, finding.reason, finding.severity, grace)


def by_bot(contacts: list[Contact]) -> dict[str, list[Contact]]:
    found: dict[str, list[Contact]] = {}
    for contact in contacts:
        found.setdefault(contact.bot, []).append(contact)
    return found
