"""The tree of a parsed template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf


@dataclass(frozen=True, slots=True)
class Dot:
    """The cursor."""


@dataclass(frozen=True, slots=True)
class Nil:
    """The word nil."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A text, number or truth value written in the template."""

    value: str | int | float | bool


@dataclass(frozen=True, slots=True)
class Field:
    """Fields of the cursor: .Labels.job."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable and fields of its value: $labels.job."""

    name: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function's name."""

    name: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Fields of what a term gives: (first $v).Labels."""

    term: Term
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """One stage of a pipeline: a term and its arguments."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands whose results flow into each other, and the variables that get the last one."""

    line: int
    variables: tuple[str, ...]
    assigns: bool
    commands: tuple[Command, ...]


Term = Dot | Nil | Constant | Field | Variable | Function | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text:
    """Text outside of actions."""

    text: str


@dataclass(frozen=True, slots=True)
class Action:
    """A pipeline whose result is written."""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Branch:
    """An if, with or range: a pipeline and the two bodies that it chooses between."""

    kind: OneOf["if", "with", "range"]
    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, slots=True)
class Call:
    """A use of a named template."""

    line: int
    name: str
    pipe: Pipe | None


@dataclass(frozen=True, slots=True)
class Jump:
    """A break or continue."""

    kind: OneOf["break", "continue"]


Node = Text | Action | Branch | Call | Jump
Body = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A template ready to be expanded: its body and the templates that it defines."""

    body: Body
    defined: dict[str, Body]
