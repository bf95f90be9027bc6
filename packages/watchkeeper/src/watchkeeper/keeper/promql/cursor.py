"""The place reached in an expression's tokens, and the errors of that place."""

from __future__ import annotations

from typing import NoReturn

from .errors import ParseError
from .functions import AGGREGATIONS
from .lexer import Token, milliseconds, number_of, tokens_of
from .quoting import quote, unquote
from .syntax import Number, Span

# Words that can name no metric.
RESERVED = frozenset({"atan2", "bool", "group_left", "group_right", "ignoring", "on"})
_KEYWORDS = frozenset(
    {"anchored", "by", "end", "fill", "fill_left", "fill_right", "offset", "smoothed", "start", "without"}
    | RESERVED
)
_WORD_OPERATORS = frozenset({"and", "atan2", "or", "unless"})
_OPERATORS = frozenset({"+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "=~", "!~", "@"})
_LONGEST_SHOWN = 10


def described(token: Token) -> str:
    """Name a token as Prometheus' errors do."""
    word = token.text.lower()
    match token.type:
        case "end":
            return "end of input"
        case "sign":
            return f"<op:{token.text}>" if token.text in _OPERATORS else f'"{token.text}"'
        case "word" if word in ("inf", "nan"):
            return f"number {quote(token.text)}"
        case "word" if word in AGGREGATIONS:
            return f"<aggr:{token.text}>"
        case "word" if word in _WORD_OPERATORS:
            return f"<op:{token.text}>"
        case "word" if word in _KEYWORDS:
            return f"<{token.text}>"
        case "word":
            return f"{'metric identifier' if ':' in token.text else 'identifier'} {quote(token.text)}"
        case _:
            long = len(token.text) > _LONGEST_SHOWN
            shown = quote(token.text[:_LONGEST_SHOWN]) + "..." if long else quote(token.text)
            return f"{token.type} {shown}"


class Cursor:
    """Hold the tokens and the place reached."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = tokens_of(query)
        self.at = 0

    def peek(self, ahead: int = 0) -> Token:
        """Return a token to come."""
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Return the next token and step over it."""
        token = self.peek()
        self.at += 1
        return token

    def is_sign(self, text: str) -> bool:
        """Tell whether the next token is this sign."""
        token = self.peek()
        return token.type == "sign" and token.text == text

    def is_word(self, *texts: str) -> bool:
        """Tell whether the next token is one of these words, in any case."""
        token = self.peek()
        return token.type == "word" and token.text.lower() in texts

    def accept(self, sign: str) -> bool:
        """Step over the sign if it comes next."""
        if self.is_sign(sign):
            self.at += 1
            return True
        return False

    def expect(self, sign: str, context: str) -> Token:
        """Step over the sign, which must come next."""
        if not self.is_sign(sign):
            self.unexpected(context, f'"{sign}"')
        return self.take()

    def fail(self, message: str, span: Span) -> NoReturn:
        """Raise the error of a place."""
        raise ParseError(message, self.query, span.start, span.end)

    def unexpected(self, context: str, expected: str = "") -> NoReturn:
        """Raise the error of a token that does not fit."""
        token = self.peek()
        message = f"unexpected {described(token)}"
        message += f" in {context}" if context else ""
        message += f", expected {expected}" if expected else ""
        self.fail(message, Span(token.start, token.end))

    def unquoted(self, token: Token) -> str:
        """Return what a string token means."""
        try:
            return unquote(token.text)
        except ValueError as error:
            self.fail(f"error unquoting string {token.text}: {error}", Span(token.start, token.end))

    def number(self) -> Number:
        """Read a number or a duration, which is a number of seconds."""
        token = self.take()
        span = Span(token.start, token.end)
        try:
            if token.type == "duration":
                return Number(span, milliseconds(token.text) / 1000, duration=True)
            return Number(span, number_of(token.text))
        except OverflowError:
            self.fail(f"{token.type} out of range", span)
        except ValueError as error:
            self.fail(f"error parsing number: {error}", span)
