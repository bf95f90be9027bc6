"""Signed tokens of buttons and links: who holds one may acknowledge one group, for a while.

32 signs: the group's name (8 bytes), the end of its time (4 bytes), 12 bytes of HMAC-SHA256. Telegram
leaves 64 bytes for what a button carries.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path

from watchkeeper.keeper.notify.errors import TokenInvalid

VALID_SECONDS = 7 * 86_400
_NAME, _MAC = 8, 12


def group_name(group_key: str) -> str:
    """Return the short name that tokens have for a group; its escalation has the same."""
    key = group_key.removesuffix("/escalation").encode("utf-8", "replace")
    return hashlib.sha256(key).hexdigest()[: 2 * _NAME]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens with one key."""

    key: bytes

    @classmethod
    def open(cls, path: Path) -> Tokens:
        """Read the key's file, or make it for this user alone; raises OSError."""
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
            if len(key) >= 32:
                return cls(key)
            path.unlink()  # a crash left it unfinished: no token was signed with it
            return cls.open(path)
        with os.fdopen(handle, "wb") as file:
            file.write(key := secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        return cls(key)

    def sign(self, group_key: str, now: float) -> str:
        """Return a token for a group, good for seven days from a Unix time."""
        body = bytes.fromhex(group_name(group_key)) + struct.pack(">I", int(now) + VALID_SECONDS)
        return base64.urlsafe_b64encode(body + self._mac(body)).decode()

    def read(self, token: str, now: float) -> str:
        """Return the short name of the group that a token is for; raises TokenInvalid."""
        try:
            raw = base64.urlsafe_b64decode(token.encode("ascii"))
        except (binascii.Error, ValueError):
            raise TokenInvalid("the token cannot be read") from None
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if len(body) != _NAME + 4 or not hmac.compare_digest(mac, self._mac(body)):
            raise TokenInvalid("the token was not made here")
        if struct.unpack(">I", body[_NAME:])[0] < now:
            raise TokenInvalid("the token is too old")
        return body[:_NAME].hex()

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self.key, b"ack\0" + body, hashlib.sha256).digest()[:_MAC]
