"""RE2 expressions, as Prometheus takes them, in the dialect of Python's `re`."""

from __future__ import annotations

import re
from functools import lru_cache

_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7F",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
# RE2's escapes are ASCII; Python's are not.
_ESCAPES = {
    "d": "[0-9]",
    "D": "[^0-9]",
    "s": r"[\t\n\f\r ]",
    "S": r"[^\t\n\f\r ]",
    "w": "[0-9A-Za-z_]",
    "W": "[^0-9A-Za-z_]",
    "z": r"\Z",
    "A": r"\A",
}
_INSIDE = {
    "d": "0-9",
    "D": r"\x00-/:-\U0010FFFF",
    "s": r"\t\n\f\r ",
    "S": r"\x00-\x08\x0B\x0E-\x1F!-\U0010FFFF",
    "w": "0-9A-Za-z_",
    "W": r"\x00-/:-@\[-\^`{-\U0010FFFF",
}
_REPEAT = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_NAMED = re.compile(r"\(\?P?<(?=[A-Za-z_]\w*>)")
_MOST_REPEATS = 1000


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile an RE2 expression for `fullmatch`; the dot takes newlines, as in Prometheus.

    Raises re.error when the expression is not valid.
    """
    return re.compile(translated(pattern))


@lru_cache(maxsize=512)
def translated(pattern: str) -> str:
    """Return a Python expression of the same meaning, for use with `fullmatch`."""
    return "(?s:" + _Translator(pattern).run() + ")"


class _Translator:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.out: list[str] = []
        # For each open group: the scoped flag groups that must close with it.
        self.scopes: list[list[str]] = [[]]

    def run(self) -> str:
        while self.at < len(self.pattern):
            self._step(self.pattern[self.at])
        if len(self.scopes) != 1:
            raise re.error("missing closing )", self.pattern)
        return "".join(self.out) + ")" * len(self.scopes[0])

    def _step(self, rune: str) -> None:
        if rune == "\\":
            self._escape()
        elif rune == "[":
            self._set()
        elif rune == "(":
            self._open()
        elif rune == ")":
            self._close()
        elif rune == "|" and self.scopes[-1]:
            self._alternative()
        elif rune in "*+?{":
            self._repeat(rune)
        else:
            self.out.append(rune)
            self.at += 1

    def _alternative(self) -> None:
        # Flags set in one branch hold for the next ones: close their groups and open them again.
        opened = self.scopes[-1]
        self.out.append(")" * len(opened) + "|" + "".join(opened))
        self.at += 1

    def _repeat(self, rune: str) -> None:
        counted = _REPEAT.match(self.pattern, self.at)
        if rune == "{" and counted is None:  # no repetition in RE2, but one in Python
            self.out.append(r"\{")
            self.at += 1
            return
        if counted and any(int(count) > _MOST_REPEATS for count in counted.groups() if count):
            raise re.error("invalid repeat count", self.pattern, self.at)
        end = counted.end() if counted else self.at + 1
        if self.pattern.startswith("+", end):
            raise re.error("bad repetition operator", self.pattern, self.at)
        self.out.append(self.pattern[self.at : end])
        self.at = end
        if self.pattern.startswith("?", end):  # lazy
            self.out.append("?")
            self.at += 1

    def _open(self) -> None:
        flags = _FLAGS.match(self.pattern, self.at)
        if flags is None:
            named = _NAMED.match(self.pattern, self.at)
            if named is None and self.pattern.startswith("(?", self.at):
                raise re.error("invalid or unsupported Perl syntax", self.pattern, self.at)
            self.out.append("(?P<" if named else "(")
            self.at = named.end() if named else self.at + 1
            self.scopes.append([])
            return
        on, off, end = (
            flags.group(1).replace("U", ""),
            (flags.group(2) or "").replace("U", ""),
            flags.group(3),
        )
        opening = f"(?{on}{'-' + off if off else ''}:"
        self.out.append(opening)
        self.at = flags.end()
        if end == ":":
            self.scopes.append([])
        else:
            self.scopes[-1].append(opening)

    def _close(self) -> None:
        if len(self.scopes) == 1:
            raise re.error("unexpected )", self.pattern, self.at)
        self.out.append(")" * (len(self.scopes.pop()) + 1))
        self.at += 1

    def _escape(self) -> None:
        code = self.pattern[self.at + 1 : self.at + 2]
        if code == "":
            raise re.error("trailing backslash", self.pattern, self.at)
        if code == "Q":
            end = self.pattern.find(r"\E", self.at + 2)
            end = len(self.pattern) if end < 0 else end
            self.out.append(re.escape(self.pattern[self.at + 2 : end]))
            self.at = end + 2
            return
        braced = re.compile(r"\\x\{([0-9A-Fa-f]+)\}").match(self.pattern, self.at)
        if braced:
            self.out.append(re.escape(chr(int(braced.group(1), 16))))
            self.at = braced.end()
            return
        if code.isdigit() and code != "0":
            raise re.error("backreferences are not supported", self.pattern, self.at)
        self.out.append(_ESCAPES.get(code, "\\" + code))
        self.at += 2

    def _set(self) -> None:
        at = self.at + 1
        body = "["
        if self.pattern.startswith("^", at):
            body, at = "[^", at + 1
        if self.pattern.startswith("]", at):
            body, at = body + r"\]", at + 1
        while True:
            if at >= len(self.pattern):
                raise re.error("missing closing ]", self.pattern, self.at)
            piece, at, done = self._set_piece(at)
            body += piece
            if done:
                break
        self.out.append(body)
        self.at = at

    def _set_piece(self, at: int) -> tuple[str, int, bool]:
        rune = self.pattern[at]
        named = re.compile(r"\[:(\w+):\]").match(self.pattern, at)
        if named and named.group(1) in _CLASSES:
            return _CLASSES[named.group(1)], named.end(), False
        if rune == "\\":
            code = self.pattern[at + 1 : at + 2]
            return _INSIDE.get(code, "\\" + code), at + 2, False
        if rune == "]":
            return "]", at + 1, True
        # Doubled signs are set operators in Python's future.
        special = rune in "[&~|" or (rune == "-" and self.pattern.startswith("-", at + 1))
        return ("\\" + rune if special else rune), at + 1, False


def expanded(match: re.Match[str], template: str) -> str:
    """Fill `$1`, `${name}` and `$$` of a template from a match; an unknown group is empty."""
    return _REFERENCE.sub(lambda found: _referred(match, found), template)


_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")


def _referred(match: re.Match[str], found: re.Match[str]) -> str:
    name = found.group(1) or found.group(2)
    if name is None:
        return "$"
    if name.isdigit():
        return (match.group(int(name)) or "") if int(name) <= match.re.groups else ""
    return (match.group(name) or "") if name in match.re.groupindex else ""
