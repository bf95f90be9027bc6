"""From what the judge says to alerts for the desk: posted while they fire, ended when they do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from watchkeeper.keeper.alerts import Alert, Posted, fingerprint, labels_of
from watchkeeper.keeper.alerts.labels import labelset
from watchkeeper.keeper.alerts.subject import annotations_of
from watchkeeper.keeper.judge import Standing

# As Prometheus sends them: again each minute, over by themselves after four without a word.
AGAIN_SECONDS = 60.0
LASTING_SECONDS = 240.0

Labels = dict[str, str]


@dataclass(slots=True)
class Feed:
    """Remembers what was posted; base is the keeper's address, which marks its own alerts."""

    base: str
    external: Mapping[str, str] = field(default_factory=dict)
    _posted: dict[str, tuple[Posted, float]] = field(default_factory=dict)
    _begun: bool = False

    def posts(
        self,
        firing: Mapping[str, str],
        standings: Mapping[str, Standing],
        kept: Iterable[Alert],
        now: float,
        bots: Mapping[str, str] = {},
    ) -> list[Posted]:
        """Return what to post now (Unix seconds).

        firing are severities by subject, bots those of targets that are labelled with one; kept are the
        alerts that the desk holds, looked at once after a start: those of ours that fire no longer end.
        """
        found = [self._ended(subject, now) for subject in list(self._posted) if subject not in firing]
        for subject, severity in firing.items():
            post = self._post(subject, severity, standings.get(subject), now, bots.get(subject, ""))
            if post is not None:
                found.append(post)
        return found + self._begin(kept, now)

    def _post(
        self, subject: str, severity: str, standing: Standing | None, now: float, bot: str
    ) -> Posted | None:
        """Return the post of a subject that fires; None where it was posted just now."""
        last = self._posted.get(subject)
        annotations = annotations_of(subject, standing.reason if standing else "")
        fresh = last is None or last[0].annotations != annotations
        if last is not None and not fresh and 0 <= now - last[1] < AGAIN_SECONDS:
            return None
        labels = {**self.external, **dict(labels_of(subject, severity, bot))}
        starts_at = standing.since if standing else now
        url = f"{self.base}/#/alerts/{fingerprint(labelset(labels))}"
        post = Posted(labels, annotations, min(starts_at, now), now + LASTING_SECONDS, url)
        self._posted[subject] = (post, now)
        return post

    def _ended(self, subject: str, now: float) -> Posted:
        post, _ = self._posted.pop(subject)
        starts_at = now if post.starts_at is None else min(post.starts_at, now)
        return Posted(post.labels, post.annotations, starts_at, now, post.generator_url)

    def _begin(self, kept: Iterable[Alert], now: float) -> list[Posted]:
        if self._begun:
            return []
        self._begun = True
        firing = {tuple(sorted(post.labels.items())) for post, _ in self._posted.values()}
        mine = [one for one in kept if one.generator_url.startswith(f"{self.base}/#")]
        over = [one for one in mine if one.labels not in firing and not one.resolved(now)]
        return [
            Posted(dict(one.labels), dict(one.annotations), min(one.starts_at, now), now, one.generator_url)
            for one in over
        ]
