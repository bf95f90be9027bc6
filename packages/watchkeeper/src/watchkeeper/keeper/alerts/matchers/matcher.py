"""One matcher: what it lets pass, and how Alertmanager writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from watchkeeper.keeper.alerts.errors import MatcherInvalid
from watchkeeper.keeper.promql.quoting import quote
from watchkeeper.keeper.promql.regexes import compiled
from watchkeeper.keeper.steady import Expression, steady

Operator = Literal["=", "!=", "=~", "!~"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
RESERVED = "{}!=~,\\\"'`"


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label; a label that is absent counts as empty.

    Expressions are RE2's, match the whole value, and their dot takes no newline. Raises
    MatcherInvalid where the expression cannot be read. Source: Alertmanager, pkg/labels/matcher.go.
    """

    name: str
    op: Operator
    value: str
    pattern: Expression | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        pattern = anchored(self.value) if self.op in ("=~", "!~") else None
        object.__setattr__(self, "pattern", pattern)

    def accepts(self, value: str) -> bool:
        """Return whether a label's value passes."""
        if self.pattern is None:
            return (value == self.value) is (self.op == "=")
        return (self.pattern.fullmatch(value) is not None) is (self.op == "=~")

    def __str__(self) -> str:
        name = quote(self.name) if any(map(is_reserved, self.name)) else self.name
        return f'{name}{self.op}"{escaped(self.value)}"'


Matchers = tuple[Matcher, ...]


def anchored(expression: str) -> Expression:
    """Compile an expression for fullmatch, or raise MatcherInvalid in Go's words."""
    try:
        # Prometheus' dot takes newlines, Alertmanager's does not.
        return steady(compiled(f"(?-s:{expression})"))
    except (re.error, OverflowError, RecursionError) as error:
        whole = f"^(?:{expression})$"
        place = getattr(error, "pos", None)
        # Both wrappers, ours and Go's, put five and four characters before the expression.
        rest = whole[max(0, place - 1) :] if place is not None else whole
        raise MatcherInvalid(f"error parsing regexp: {getattr(error, 'msg', error)}: `{rest}`") from None


def is_reserved(rune: str) -> bool:
    """Return whether a rune has a meaning of its own in the UTF-8 syntax."""
    return rune.isspace() or rune in RESERVED


def escaped(value: str) -> str:
    """Escape a value as OpenMetrics does."""
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def agree(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return whether all matchers accept a label set; none at all accept everything."""
    return all(matcher.accepts(labels.get(matcher.name, "")) for matcher in matchers)


def ordered(matchers: Iterable[Matcher]) -> Matchers:
    """Sort matchers as Alertmanager does: by name, value, operator."""
    return tuple(sorted(matchers, key=lambda one: (one.name, one.value, OPERATORS.index(one.op))))


def matchers_text(matchers: Iterable[Matcher]) -> str:
    """Return matchers as Alertmanager writes them: `{a="b",c!="d"}`."""
    return "{" + ",".join(map(str, matchers)) + "}"
