"""Names and numbers that the seed decides: addresses, hashes, ids and the names that traders go by."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

_FIRST = ("Quiet", "Amber", "Northern", "Hasty", "Brisk", "Velvet", "Crooked", "Sunny", "Frozen", "Plain")
_SECOND = ("Harbour", "Otter", "Ledger", "Willow", "Engine", "Meadow", "Falcon", "Lantern", "Pebble", "Cello")


def digest(*words: object) -> str:
    """Return 64 hexadecimal digits decided by the words."""
    return hashlib.sha256(" ".join(map(str, words)).encode()).hexdigest()


def address(*words: object) -> str:
    """Return a lowercase address that nobody has a key for."""
    return "0x" + digest("address", *words)[:40]


def token_id(*words: object) -> str:
    """Return a token id: a 256-bit number as decimal text."""
    return str(int(digest("token", *words), 16))


@dataclass(frozen=True, slots=True)
class Profile:
    """What the Data API tells of a wallet besides its address."""

    name: str
    pseudonym: str


def profile(wallet: str) -> Profile:
    """Return a wallet's profile, the same each time."""
    chance = random.Random(wallet)
    pseudonym = f"{chance.choice(_FIRST)}-{chance.choice(_SECOND)}"
    name = f"{pseudonym.replace('-', '').lower()}{chance.randrange(1000)}"
    return Profile(name if chance.random() < 0.8 else "", pseudonym)
