"""The UTF-8 syntax: any name, Go's quoting, strict about what is left open.

The grammar: `[{] [name op value {, name op value} [,]] [}]`, both braces or none. Source of the
rules: Alertmanager, matcher/parse and its table of cases.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from watchkeeper.keeper.alerts.errors import MatcherInvalid
from watchkeeper.keeper.alerts.labels import proper_text
from watchkeeper.keeper.alerts.matchers.lexer import END, OPERATOR, PLAIN, QUOTED, Token, tokens
from watchkeeper.keeper.alerts.matchers.matcher import Matcher, Matchers, Operator
from watchkeeper.keeper.promql.quoting import unquote

_OPERATOR = "expected an operator such as '=', '!=', '=~' or '!~'"


def utf8_matchers(text: str) -> Matchers:
    """Read a list of matchers; raise MatcherInvalid with the columns of what is wrong."""
    return tuple(_Reader(text).run())


def utf8_matcher(text: str) -> Matcher:
    """Read exactly one matcher; raise MatcherInvalid."""
    found = utf8_matchers(text)
    if not found:
        raise MatcherInvalid("no matchers")
    if len(found) > 1:
        raise MatcherInvalid(f"expected 1 matcher, found {len(found)}")
    return found[0]


class _Reader:
    def __init__(self, text: str) -> None:
        self._words: Iterator[Token] = tokens(text)
        self._column = 0
        self._word = self._next("")
        self._braced = self._word.kind == "{"

    def run(self) -> Iterator[Matcher]:
        if self._braced:
            self._take("expected close brace")
        while self._word.kind not in ("}", END):
            yield self._matcher()
            if self._word.kind not in (",", "}", END):
                raise self._unexpected("expected a comma or close brace")
            if self._word.kind == ",":
                self._take("expected a matcher or close brace after comma")
                if self._word.kind not in ("}", END, QUOTED, PLAIN):
                    raise self._unexpected("expected a matcher or close brace after comma")
        self._close()

    def _matcher(self) -> Matcher:
        name = self._text("expected label name", _OPERATOR)
        if self._word.kind != OPERATOR:
            raise self._unexpected(_OPERATOR)
        op = cast(Operator, self._take("expected label value").text)
        value = self._text("expected label value", "expected a comma or close brace")
        return Matcher(name, op, value)

    def _text(self, want: str, after: str) -> str:
        if self._word.kind not in (PLAIN, QUOTED):
            raise self._unexpected(want)
        word = self._word
        text = _meaning(word)
        self._take(after)
        return text

    def _close(self) -> None:
        word = self._word
        if self._braced and word.kind == END:
            raise MatcherInvalid(f"0:{self._column}: end of input: expected close brace")
        if not self._braced and word.kind == "}":
            raise MatcherInvalid(f"0:{word.end}: }}: expected opening brace")
        if word.kind == "}":
            self._take("expected end of input")
        if self._word.kind != END:
            raise self._unexpected("expected end of input")

    def _take(self, want: str) -> Token:
        """Return the word and go on; want says what may come next, for the error there."""
        word = self._word
        self._word = self._next(want)
        return word

    def _next(self, want: str) -> Token:
        try:
            word = next(self._words)
        except MatcherInvalid as error:
            raise MatcherInvalid(f"{error}: {want}" if want else str(error)) from None
        self._column = word.end if word.kind != END else self._column
        return word

    def _unexpected(self, want: str) -> MatcherInvalid:
        word = self._word
        if word.kind == END:
            return MatcherInvalid(f"0:{self._column}: end of input: {want}")
        return MatcherInvalid(f"{word.place}: unexpected {word.text}: {want}")


def _meaning(word: Token) -> str:
    if word.kind == PLAIN:
        return word.text
    try:
        text = unquote(word.text)
    except (ValueError, OverflowError):
        text = "\ud800"
    if not proper_text(text):
        raise MatcherInvalid(f"{word.place}: {word.text}: invalid input")
    return text
