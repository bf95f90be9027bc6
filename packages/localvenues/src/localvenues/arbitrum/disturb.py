"""What the feed's faults do to a stream of messages; pure but for the random source given."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Collection

import msgspec

from localvenues.arbitrum import wire

RECENT = 20
GAP_SHARE = 0.35
TWICE_SHARE = 0.5
BROKEN_SHARE = 0.7
CORRUPT_SHARE = 0.3
SHORTEST_CORRUPTED = 40
DISTURBANCES = ("feed_gap", "feed_duplicate", "feed_malformed")


class Disturber:
    """Turns each message into the frames that clients are sent while faults are active."""

    def __init__(self) -> None:
        self._recent: deque[bytes] = deque(maxlen=RECENT)
        self._random: dict[str, random.Random] = {}
        self._fresh: set[str] = set()

    def begin(self, name: str, seed: int) -> None:
        """Seed a fault; its first message is always hit."""
        self._random[name] = random.Random(seed)
        self._fresh.add(name)

    def frames(self, message: wire.FeedMessage, encoded: bytes, active: Collection[str]) -> list[bytes]:
        """Return the frames to send now for this message, none where it is lost."""
        whole = wire.frame([encoded])
        out = self._malform(message, whole) if "feed_malformed" in active else [whole]
        if "feed_duplicate" in active and self._hit("feed_duplicate", TWICE_SHARE):
            out.append(self._random["feed_duplicate"].choice([whole, *self._recent]))
        if "feed_gap" in active and self._hit("feed_gap", GAP_SHARE):
            out = []
        self._recent.append(whole)
        return out

    def _hit(self, name: str, share: float) -> bool:
        first = name in self._fresh
        self._fresh.discard(name)
        return self._random[name].random() < share or first

    def _malform(self, message: wire.FeedMessage, whole: bytes) -> list[bytes]:
        """Put a broken frame before the true one, or break the message itself."""
        chance = self._random["feed_malformed"]
        if not self._hit("feed_malformed", BROKEN_SHARE):
            return [whole]
        if chance.random() < CORRUPT_SHARE and len(message.message.message.l2_msg) > SHORTEST_CORRUPTED:
            return [wire.frame([wire.encode(corrupted(message, chance))])]
        return [broken_frame(whole, chance), whole]


def corrupted(message: wire.FeedMessage, chance: random.Random) -> wire.FeedMessage:
    """Return the message with its transactions cut short, as bytes that no reader can decode whole."""
    body = message.message.message.l2_msg
    bad = [
        body[: chance.randrange(20, len(body))],
        b"\x07" + body[1:],
        body[:1] + b"\xff" * 8 + body[9:],
        b"\x03" + (len(body) + 1).to_bytes(8, "big") * 2 + body,
        deep_batch(body, 17),
    ]
    inner = msgspec.structs.replace(message.message.message, l2_msg=chance.choice(bad))
    return msgspec.structs.replace(message, message=msgspec.structs.replace(message.message, message=inner))


def deep_batch(body: bytes, depth: int) -> bytes:
    """Wrap an L2 message in batches; readers refuse more than 16."""
    for _ in range(depth):
        body = wire.batch([body])
    return body


def broken_frame(whole: bytes, chance: random.Random) -> bytes:
    """Return one frame that breaks a rule of the envelope."""
    return chance.choice(
        [
            whole[: chance.randrange(1, len(whole))],
            b"",
            b"null",
            b"[1,2,3]",
            b'{"version":"1","messages":{}}',
            b'{"version":2,"messages":[]}',
            b'{"version":1,"messages":[null]}',
            b'{"version":1,"messages":[{"sequenceNumber":-1}]}',
            b'{"version":1,"messages":[{"sequenceNumber":1e400}]}',
            b'{"version":1,"messages":' + b"[" * 2000,
            whole.replace(b'"l2Msg":"', b'"l2Msg":"%%%not-base64%%%', 1),
            whole.replace(b'"sequenceNumber":', b'"sequenceNumber":"', 1),
            whole.replace(b'"kind":3', b'"kind":"three"', 1),
            bytes(chance.randrange(32, 127) for _ in range(64)),
        ]
    )
