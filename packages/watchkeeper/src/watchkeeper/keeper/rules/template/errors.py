"""What can go wrong in a template.

TemplateError
├── TemplateSyntaxError   the text cannot be read
└── TemplateFailure       it reads well and cannot be expanded on this data
    └── TemplateLimit     it would run or write too much
"""

from __future__ import annotations


class TemplateError(Exception):
    """Stand above every error of templates."""


class TemplateSyntaxError(TemplateError):
    """Say on which line of the text, counted from one, and why it cannot be read."""

    def __init__(self, message: str, line: int) -> None:
        self.line = line
        super().__init__(f"line {line}: {message}")


class TemplateFailure(TemplateError):
    """Say why an expansion ended."""


class TemplateLimit(TemplateFailure):
    """End an expansion that takes too many steps, nests too deep or grows too long."""
