"""What can go wrong in this room.

RulesError
├── RuleFileError    a rule file cannot be used; it holds every problem found
├── TestFileError    a file of unit tests cannot be used; likewise
└── RuleFailure      a rule could not be evaluated on this data
template.TemplateError and its kind are their own tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file; the line counts from one, 0 where it is unknown."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class RulesError(Exception):
    """Stand above every error of this room."""


class _FileError(RulesError):
    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class RuleFileError(_FileError):
    """Say what is wrong with a rule file."""


class TestFileError(_FileError):
    """Say what is wrong with a file of unit tests."""

    __test__ = False  # not a test, whatever its name tells pytest


class RuleFailure(RulesError):
    """Say why a rule gives nothing this time."""
