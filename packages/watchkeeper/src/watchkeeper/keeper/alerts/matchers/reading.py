"""Read matchers as Alertmanager does by default: the UTF-8 syntax, else the classic one."""

from __future__ import annotations

from watchkeeper.keeper.alerts.errors import MatcherInvalid
from watchkeeper.keeper.alerts.matchers.classic import classic_matcher, classic_matchers
from watchkeeper.keeper.alerts.matchers.matcher import Matcher, Matchers
from watchkeeper.keeper.alerts.matchers.utf8 import utf8_matcher, utf8_matchers


def read_matchers(text: str) -> Matchers:
    """Read a list of matchers; raise MatcherInvalid in the classic syntax' words.

    Where both syntaxes read a text and disagree, the classic one counts: files written for the older
    Alertmanager keep their meaning.
    """
    try:
        classic = classic_matchers(text)
    except MatcherInvalid as error:
        try:
            return utf8_matchers(text)
        except MatcherInvalid:
            raise error from None
    return classic


def read_matcher(text: str) -> Matcher:
    """Read exactly one matcher; raise MatcherInvalid."""
    try:
        return classic_matcher(text)
    except MatcherInvalid as error:
        try:
            return utf8_matcher(text)
        except MatcherInvalid:
            raise error from None
