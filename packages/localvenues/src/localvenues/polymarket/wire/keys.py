"""API keys: made and derived with an L1 signature, used with an L2 signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from localvenues.polymarket.wire.numbers import whole
from localvenues.polymarket.wire.signatures import BadSignature, auth_digest, recover, request_signature

FRESH_SECONDS = 300


class Unauthorized(Exception):
    """A request is not signed by whom it claims; it answers 401."""


class KeyExists(Exception):
    """There is an API key for this address and nonce already; it answers 400."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An owner's credentials."""

    key: str
    secret: str
    passphrase: str
    owner: str


class Keys:
    """All API keys of a venue. The seed decides them, so that a derived key is the created one."""

    def __init__(self, seed: int, chain_id: int) -> None:
        self._seed, self._chain_id = seed, chain_id
        self._keys: dict[str, ApiKey] = {}

    def _make(self, owner: str, nonce: int) -> ApiKey:
        digest = hashlib.sha512(f"{self._seed} key {owner} {nonce}".encode()).digest()
        secret = base64.urlsafe_b64encode(digest[16:48]).decode()
        return ApiKey(str(uuid.UUID(bytes=digest[:16])), secret, digest[48:].hex(), owner)

    def signer(self, headers: Mapping[str, str], now: int) -> tuple[str, int]:
        """Return (address, nonce) of a valid L1 request; raise Unauthorized."""
        address, timestamp = headers.get("POLY_ADDRESS", ""), headers.get("POLY_TIMESTAMP", "")
        number = whole(headers.get("POLY_NONCE", "0"))
        if not re.fullmatch(r"0x[0-9a-fA-F]{40}", address) or number is None or number >= 1 << 256:
            raise Unauthorized("Invalid L1 Request headers")
        self._check_time(timestamp, now)
        digest = auth_digest(address, timestamp, number, self._chain_id)
        try:
            signed = recover(digest, headers.get("POLY_SIGNATURE", ""))
        except BadSignature as error:
            raise Unauthorized("Invalid L1 Request headers") from error
        if signed != address.lower():
            raise Unauthorized("Invalid L1 Request headers")
        return signed, number

    def create(self, owner: str, nonce: int) -> ApiKey:
        """Make a key; raise KeyExists."""
        made = self._make(owner, nonce)
        if made.key in self._keys:
            raise KeyExists("Could not create api key")
        self._keys[made.key] = made
        return made

    def derive(self, owner: str, nonce: int) -> ApiKey:
        """Return the key made before; raise KeyError if there is none."""
        return self._keys[self._make(owner, nonce).key]

    def of(self, owner: str) -> list[str]:
        """Return an owner's keys."""
        return [one.key for one in self._keys.values() if one.owner == owner]

    def delete(self, key: str) -> None:
        """Forget a key."""
        self._keys.pop(key, None)

    def check(self, headers: Mapping[str, str], now: int, method: str, path: str, body: str) -> ApiKey:
        """Return the key of a valid L2 request; raise Unauthorized."""
        found = self.match(headers.get("POLY_API_KEY", ""), None, headers.get("POLY_PASSPHRASE", ""))
        timestamp = headers.get("POLY_TIMESTAMP", "")
        self._check_time(timestamp, now)
        expected = request_signature(found.secret, timestamp, method, path, body)
        given = headers.get("POLY_SIGNATURE", "")
        if headers.get("POLY_ADDRESS", "").lower() != found.owner or not _same(expected, given):
            raise Unauthorized("Unauthorized/Invalid api key")
        return found

    def match(self, key: str, secret: str | None, passphrase: str) -> ApiKey:
        """Return a key by its parts, as sockets give them; raise Unauthorized."""
        found = self._keys.get(key)
        if found is None or not _same(found.passphrase, passphrase):
            raise Unauthorized("Unauthorized/Invalid api key")
        if secret is not None and not _same(found.secret, secret):
            raise Unauthorized("Unauthorized/Invalid api key")
        return found

    def _check_time(self, timestamp: str, now: int) -> None:
        at = whole(timestamp)
        if at is None or abs(at - now // 1000) > FRESH_SECONDS:
            raise Unauthorized("Unauthorized/Invalid api key")


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
