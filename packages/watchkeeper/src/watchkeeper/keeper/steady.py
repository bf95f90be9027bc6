"""Expressions with choices within repeats, matched in time that grows with the text and not with its power.

Python's engine tries every way through them: `(a+)+b` on thirty a's would hold the keeper up for minutes.
Here all places that a match may have come to are followed at once, as RE2 does. Python's own parser reads
the expression; it has no lookarounds and no references, since RE2's have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from functools import lru_cache, reduce
from importlib import import_module
from typing import Any, Protocol

Places = Set[int]
Step = Callable[[str, Places], Places]
# Private since Python 3.11, public as sre_parse before; the tree has been the same for twenty years.
_parser: Any = import_module("re._parser")
_compiler: Any = import_module("re._compiler")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")


class Expression(Protocol):
    """What answers whether it matches a whole text."""

    def fullmatch(self, string: str, /) -> object | None: ...


class Steady:
    """Answers as a pattern does, whatever the text."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        tree = _parser.parse(pattern.pattern, pattern.flags)
        self._walk = sequence(tree, tree.state.flags)

    def fullmatch(self, string: str, /) -> object | None:
        """Return something where it matches the whole text, else None."""
        return True if len(string) in self._walk(string, {0}) else None


@lru_cache(maxsize=512)
def steady(pattern: re.Pattern[str]) -> Expression:
    """Return what answers as a pattern does in bounded time: mostly the pattern itself."""
    return Steady(pattern) if wavers(_parser.parse(pattern.pattern, pattern.flags)) else pattern


def wavers(tree: Any, repeated: bool = False) -> bool:
    """Tell whether an expression has a choice within a repeat: many ways to match one text."""
    for operator, argument in tree:
        name = str(operator)
        if name in _REPEATS:
            low, high, inner = argument
            if (repeated and high != low) or wavers(inner, repeated or high > 1):
                return True
        elif name == "BRANCH":
            if repeated or any(wavers(branch) for branch in argument[1]):
                return True
        elif name == "SUBPATTERN" and wavers(argument[-1], repeated):
            return True
    return False


def sequence(tree: Any, flags: int) -> Step:
    """Return the step that goes through all parts of a sequence."""
    steps = [step(operator, argument, flags) for operator, argument in tree]
    return lambda text, places: reduce(lambda at, one: one(text, at) if at else at, steps, places)


def step(operator: Any, argument: Any, flags: int) -> Step:
    """Return the step of one part: from the places where it may begin to those where it may end."""
    name = str(operator)
    if name == "SUBPATTERN":
        _, on, off, inner = argument
        return sequence(inner, (flags | on) & ~off)
    if name == "BRANCH":
        branches = [sequence(branch, flags) for branch in argument[1]]
        return lambda text, places: {end for branch in branches for end in branch(text, places)}
    if name in _REPEATS:
        low, high, inner = argument
        return repeat(low, high, sequence(inner, flags))
    return leaf(operator, argument, flags)


def repeat(low: int, high: int, inner: Step) -> Step:
    """Return the step that goes `low` to `high` times through another."""

    def through(text: str, places: Places) -> Places:
        for _ in range(low):
            places = inner(text, places)
        found, fresh, times = set(places), places, low
        while fresh and times < high:
            fresh = inner(text, fresh) - found
            found |= fresh
            times += 1
        return found

    return through


def leaf(operator: Any, argument: Any, flags: int) -> Step:
    """Return the step over one sign, or over a condition such as the end of the text."""
    state = _parser.State()
    state.flags = flags
    one: re.Pattern[str] = _compiler.compile(_parser.SubPattern(state, [(operator, argument)]), flags)
    return lambda text, places: {found.end() for at in places if (found := one.match(text, at))}
