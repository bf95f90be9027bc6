"""One silence and its rules.

Source of the rules: Alertmanager, silence/silence.go and its tables of cases, api/v2/api.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from watchkeeper.keeper.alerts.errors import SilenceInvalid
from watchkeeper.keeper.alerts.labels import Pairs, proper_text
from watchkeeper.keeper.alerts.matchers import Matcher, Matchers, agree

State = Literal["pending", "active", "expired"]
PENDING: Final = "pending"
ACTIVE: Final = "active"
EXPIRED: Final = "expired"


@dataclass(frozen=True, slots=True)
class Silence:
    """What is muted from starts_at to ends_at (Unix seconds).

    An alert is muted where all matchers of any set accept it. The id is empty before it is kept.
    """

    matcher_sets: tuple[Matchers, ...]
    starts_at: float
    ends_at: float
    created_by: str
    comment: str
    id: str = ""
    updated_at: float = 0.0
    annotations: Pairs = ()

    @property
    def matchers(self) -> Matchers:
        """Return the first set, all there is for Alertmanager before 0.32."""
        return self.matcher_sets[0] if self.matcher_sets else ()

    def state(self, now: float) -> State:
        if now < self.starts_at:
            return PENDING
        return EXPIRED if now > self.ends_at else ACTIVE

    def mutes(self, labels: Mapping[str, str]) -> bool:
        """Return whether it is meant for a label set, whatever the time."""
        return any(agree(matchers, labels) for matchers in self.matcher_sets)


def check_silence(silence: Silence) -> None:
    """Raise SilenceInvalid where a silence breaks a rule that always holds."""
    if not silence.matcher_sets or not all(silence.matcher_sets):
        raise SilenceInvalid("at least one matcher required")
    for matchers in silence.matcher_sets:
        for place, matcher in enumerate(matchers):
            if not matcher.name or not proper_text(matcher.name):
                raise SilenceInvalid(f"invalid label matcher {place}: invalid label name {matcher.name!r}")
            if not proper_text(matcher.value):
                raise SilenceInvalid(f"invalid label matcher {place}: invalid value of {matcher.name!r}")
        if all(map(accepts_nothing, matchers)):
            raise SilenceInvalid("at least one matcher must not match the empty string")
    if silence.ends_at < silence.starts_at:
        raise SilenceInvalid("end time must not be before start time")


def check_new(silence: Silence, now: float) -> None:
    """Raise SilenceInvalid where a client asks for a silence that could never mute anything."""
    if silence.starts_at >= silence.ends_at:
        raise SilenceInvalid("start time must be before end time")
    if silence.ends_at < now:
        raise SilenceInvalid("end time can't be in the past")


def accepts_nothing(matcher: Matcher) -> bool:
    """Return whether a positive matcher accepts the empty text; a negative one alone is allowed."""
    if matcher.pattern is not None and matcher.op == "=~":
        return matcher.pattern.fullmatch("") is not None
    return matcher.op == "=" and matcher.value == ""


def can_update(old: Silence, new: Silence, now: float) -> bool:
    """Return whether a change keeps history true; else the change becomes a silence of its own."""
    if old.matcher_sets != new.matcher_sets:
        return False
    state = old.state(now)
    if state == ACTIVE:
        return int(new.starts_at) == int(old.starts_at) and new.ends_at >= now
    return state == PENDING and new.starts_at >= now
