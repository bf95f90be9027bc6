"""Reads pprof's format back, of our writer or of any other, within limits of size."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from watchkeeper.agent.profiling.profile import Amounts, Frame, Kind, Place, Profile, Stack, added
from watchkeeper.agent.profiling.protobuf import BadWire, fields, listed, signed

MOST = 64 << 20  # bytes of one profile without its compression
GZIP_HEAD = b"\x1f\x8b"
Fields = dict[int, list[int | bytes]]


class BadProfile(ValueError):
    """Bytes that are no profile."""


def read(data: bytes) -> Profile:
    """Read a profile, compressed or not; raise `BadProfile`."""
    try:
        return Pieces(grouped(unpacked(data))).profile()
    except (BadWire, zlib.error, LookupError, UnicodeDecodeError, TypeError) as error:
        raise BadProfile(f"no profile: {error}") from error


def unpacked(data: bytes) -> bytes:
    """Take the compression off; raise `BadProfile` beyond the limit."""
    if not data.startswith(GZIP_HEAD):
        return data
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    content = unpacker.decompress(data, MOST)
    if unpacker.unconsumed_tail:
        raise BadProfile(f"the profile is larger than {MOST} bytes")
    if not unpacker.eof:
        raise BadProfile("the profile is cut off")
    return content


def grouped(data: bytes) -> Fields:
    """Return a message's fields by their numbers."""
    found: Fields = {}
    for key, value in fields(data):
        found.setdefault(key, []).append(value)
    return found


def whole(message: Fields, key: int) -> int:
    """Return the last signed integer of a field; 0 where it is absent."""
    value = message.get(key, [0])[-1]
    if not isinstance(value, int):
        raise BadWire(f"field {key} is no number")
    return signed(value)


def contents(message: Fields, key: int) -> list[bytes]:
    """Return all contents of a field of texts or messages."""
    found = message.get(key, [])
    if not all(isinstance(one, bytes) for one in found):
        raise BadWire(f"field {key} is no message")
    return found  # type: ignore[return-value]


def integers(values: Iterable[int | bytes]) -> list[int]:
    """Return the integers of a repeated field."""
    return [one for value in values for one in listed(value)]


@dataclass(slots=True)
class Pieces:
    """The tables of one message on their way to a profile."""

    message: Fields
    strings: list[str] = field(init=False)
    functions: dict[int, tuple[str, str, int]] = field(init=False)
    locations: dict[int, Stack] = field(init=False)

    def __post_init__(self) -> None:
        self.strings = [one.decode() for one in contents(self.message, 6)] or [""]
        self.functions = dict(self._function(grouped(one)) for one in contents(self.message, 5))
        self.locations = dict(self._location(grouped(one)) for one in contents(self.message, 4))

    def profile(self) -> Profile:
        """Return the profile."""
        message = self.message
        kinds = tuple(self._kind(one) for one in contents(message, 1))
        period = contents(message, 11)
        return Profile(
            kinds=kinds,
            amounts=self._amounts(len(kinds)),
            began=whole(message, 9),
            duration=whole(message, 10),
            period_kind=self._kind(period[-1]) if period else None,
            period=whole(message, 12),
            preferred=self._string(whole(message, 14)),
            comments=tuple(self._string(one) for one in integers(message.get(13, []))),
        )

    def _amounts(self, width: int) -> dict[Place, Amounts]:
        amounts: dict[Place, Amounts] = {}
        for one in contents(self.message, 2):
            place, more = self._sample(grouped(one))
            if len(more) != width:
                raise BadWire(f"a sample has {len(more)} values, the profile {width} kinds")
            added(amounts, place, more)
        return amounts

    def _sample(self, message: Fields) -> tuple[Place, Amounts]:
        stack = tuple(frame for one in integers(message.get(1, [])) for frame in self.locations[one])
        labels = tuple(self._label(grouped(one)) for one in contents(message, 3))
        return (stack, labels), tuple(map(signed, integers(message.get(2, []))))

    def _label(self, message: Fields) -> tuple[str, str]:
        key, value = self._string(whole(message, 1)), whole(message, 2)
        return key, self._string(value) if value else str(whole(message, 3))

    def _location(self, message: Fields) -> tuple[int, Stack]:
        lines = [grouped(one) for one in contents(message, 4)]
        if not lines:
            address = f"0x{whole(message, 3):x}"
            return whole(message, 1), (Frame(address, "", 0),)
        return whole(message, 1), tuple(self._frame(line) for line in lines)

    def _frame(self, line: Fields) -> Frame:
        name, file, first = self.functions[whole(line, 1)]
        return Frame(name, file, whole(line, 2), first)

    def _function(self, message: Fields) -> tuple[int, tuple[str, str, int]]:
        name, file = self._string(whole(message, 2)), self._string(whole(message, 4))
        return whole(message, 1), (name, file, whole(message, 5))

    def _kind(self, content: bytes) -> Kind:
        message = grouped(content)
        return Kind(self._string(whole(message, 1)), self._string(whole(message, 2)))

    def _string(self, place: int) -> str:
        if not 0 <= place < len(self.strings):
            raise BadWire(f"there is no text {place}")
        return self.strings[place]
