"""Profiles in pprof's format: gzip around the message Profile of github.com/google/pprof, profile.proto."""

import zlib

from watchkeeper.agent.profiling.profile import Amounts, Frame, Kind, Labels, Profile, Stack
from watchkeeper.agent.profiling.protobuf import number, packed, text

CONTENT_TYPE = "application/octet-stream"
MAIN = 1  # the only mapping: the program
GZIP = 16 + zlib.MAX_WBITS


def written(profile: Profile) -> bytes:
    """Write a profile, compressed."""
    packer = zlib.compressobj(6, zlib.DEFLATED, GZIP)
    return packer.compress(message(profile)) + packer.flush()


def message(profile: Profile) -> bytes:
    """Write a profile as the bare message."""
    tables = Tables()
    kinds = [text(1, tables.kind(kind)) for kind in profile.kinds]
    samples = [
        text(2, tables.sample(stack, labels, amounts)) for (stack, labels), amounts in profile.amounts.items()
    ]
    about = _about(profile, tables)
    flags = b"".join(number(flag, 1) for flag in (7, 8, 9))  # functions, files and lines are resolved
    mapping = text(3, number(1, MAIN) + number(5, tables.string("python")) + flags)
    return b"".join([*kinds, *samples, mapping, *tables.locations, *tables.functions, *tables.texts, about])


def _about(profile: Profile, tables: "Tables") -> bytes:
    kind = profile.period_kind
    return b"".join(
        (
            number(9, profile.began),
            number(10, profile.duration),
            text(11, tables.kind(kind)) if kind else b"",
            number(12, profile.period),
            packed(13, [tables.string(comment) for comment in profile.comments]),
            number(14, tables.string(profile.preferred)),
        )
    )


class Tables:
    """Strings, functions and locations, each written when it is first met."""

    def __init__(self) -> None:
        self.texts: list[bytes] = [text(6, b"")]
        self.functions: list[bytes] = []
        self.locations: list[bytes] = []
        self._strings: dict[str, int] = {"": 0}
        self._functions: dict[tuple[str, str, int], int] = {}
        self._locations: dict[Frame, int] = {}

    def string(self, content: str) -> int:
        """Return the place of a text in the string table."""
        found = self._strings.get(content)
        if found is None:
            found = self._strings[content] = len(self._strings)
            self.texts.append(text(6, content.encode("utf-8", "replace")))
        return found

    def kind(self, kind: Kind) -> bytes:
        """Write the content of a ValueType."""
        return number(1, self.string(kind.name)) + number(2, self.string(kind.unit))

    def sample(self, stack: Stack, labels: Labels, amounts: Amounts) -> bytes:
        """Write the content of a Sample."""
        told = (text(3, number(1, self.string(key)) + number(2, self.string(value))) for key, value in labels)
        return packed(1, map(self.location, stack)) + packed(2, amounts) + b"".join(told)

    def location(self, frame: Frame) -> int:
        """Return the id of a frame's Location."""
        found = self._locations.get(frame)
        if found is None:
            found = self._locations[frame] = len(self._locations) + 1
            line = number(1, self.function(frame)) + number(2, frame.line)
            self.locations.append(text(4, number(1, found) + number(2, MAIN) + text(4, line)))
        return found

    def function(self, frame: Frame) -> int:
        """Return the id of a frame's Function."""
        key = (frame.function, frame.file, frame.first_line)
        found = self._functions.get(key)
        if found is None:
            found = self._functions[key] = len(self._functions) + 1
            name = self.string(frame.function)
            content = number(1, found) + number(2, name) + number(3, name)
            place = number(4, self.string(frame.file)) + number(5, frame.first_line)
            self.functions.append(text(5, content + place))
        return found
