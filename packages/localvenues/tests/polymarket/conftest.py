"""A venue on a clock moved by hand, and a guest who signs with a library that the venue does not use."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from eth_account import Account

from localvenues.polymarket.venue import Settings, Venue, opened
from localvenues.polymarket.world.world import Population

PROJECT = Path(__file__).resolve().parents[4]
RECORDED = PROJECT.parent / "shared" / "data" / "polymarket"
START = 1_790_000_000_000
QUIET = Population(leaders=6, crowd_rate=0.0, leader_rate=0.0)
ORDER_FIELDS = (
    ("salt", "uint256"),
    ("maker", "address"),
    ("signer", "address"),
    ("tokenId", "uint256"),
    ("makerAmount", "uint256"),
    ("takerAmount", "uint256"),
    ("side", "uint8"),
    ("signatureType", "uint8"),
    ("timestamp", "uint256"),
    ("metadata", "bytes32"),
    ("builder", "bytes32"),
)
ZEROS = "0x" + "00" * 32


def typed(domain: dict[str, Any], name: str, fields: Any, message: dict[str, Any]) -> dict[str, Any]:
    """Return typed data as eth_account takes it."""
    kinds = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    return {
        "types": {
            "EIP712Domain": [{"name": key, "type": kinds[key]} for key in domain],
            name: [{"name": key, "type": kind} for key, kind in fields],
        },
        "primaryType": name,
        "domain": domain,
        "message": message,
    }


class Guest:
    """A trader with a key of its own."""

    def __init__(self, session: aiohttp.ClientSession, venue: Venue, secret: str = "0x" + "a1" * 32) -> None:
        self.session, self.venue = session, venue
        self.account = Account.from_key(secret)
        self.address: str = self.account.address
        self.creds: dict[str, str] = {}
        self.digest = ""
        self._salts = count(1)

    def url(self, door: str, path: str) -> str:
        return f"http://127.0.0.1:{self.venue.listeners[door].port}{path}"

    async def get(self, door: str, path: str) -> tuple[int, Any]:
        async with self.session.get(self.url(door, path)) as response:
            return response.status, await response.json()

    async def post(self, door: str, path: str, body: Any) -> tuple[int, Any]:
        async with self.session.post(self.url(door, path), json=body) as response:
            return response.status, await response.json()

    def seconds(self) -> str:
        return str(self.venue.clock.now() // 1000)

    def l1(self, nonce: int = 0) -> dict[str, str]:
        domain = {"name": "ClobAuthDomain", "version": "1", "chainId": self.venue.settings.chain_id}
        fields = (
            ("address", "address"),
            ("timestamp", "string"),
            ("nonce", "uint256"),
            ("message", "string"),
        )
        message = {
            "address": self.address,
            "timestamp": self.seconds(),
            "nonce": nonce,
            "message": "This message attests that I control the given wallet",
        }
        signed = self.account.sign_typed_data(full_message=typed(domain, "ClobAuth", fields, message))
        return {
            "POLY_ADDRESS": self.address,
            "POLY_SIGNATURE": "0x" + signed.signature.hex().removeprefix("0x"),
            "POLY_TIMESTAMP": self.seconds(),
            "POLY_NONCE": str(nonce),
        }

    def l2(self, method: str, path: str, body: str = "") -> dict[str, str]:
        secret = base64.urlsafe_b64decode(self.creds["secret"])
        message = f"{self.seconds()}{method}{path}{body}".encode()
        signature = base64.urlsafe_b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode()
        return {
            "POLY_ADDRESS": self.address,
            "POLY_SIGNATURE": signature,
            "POLY_TIMESTAMP": self.seconds(),
            "POLY_API_KEY": self.creds["apiKey"],
            "POLY_PASSPHRASE": self.creds["passphrase"],
        }

    async def log_in(self) -> None:
        async with self.session.post(self.url("clob", "/auth/api-key"), headers=self.l1()) as response:
            self.creds = await response.json()

    async def ask(self, method: str, path: str, body: Any = None, door: str = "clob", query: str = "") -> Any:
        """Send a request with L2 headers; return (status, answer)."""
        text = "" if body is None else json.dumps(body, separators=(",", ":"))
        headers = self.l2(method, path, text)
        url = self.url(door, path) + query
        async with self.session.request(method, url, data=text or None, headers=headers) as response:
            return response.status, await response.json()

    def signed(
        self, token: str, side: str, making: int, taking: int, neg_risk: bool = False
    ) -> dict[str, Any]:
        """Return the order part of a body, signed."""
        contracts = (
            "0xE111180000d2663C0091e4f400237545B87B996B",
            "0xe2222d279d744050d28e00520010520000310F59",
        )
        domain = {
            "name": "Polymarket CTF Exchange",
            "version": "2",
            "chainId": self.venue.settings.chain_id,
            "verifyingContract": contracts[neg_risk],
        }
        message = {
            "salt": next(self._salts),
            "maker": self.address,
            "signer": self.address,
            "tokenId": int(token),
            "makerAmount": making,
            "takerAmount": taking,
            "side": 0 if side == "BUY" else 1,
            "signatureType": 0,
            "timestamp": self.venue.clock.now(),
            "metadata": bytes(32),
            "builder": bytes(32),
        }
        signed = self.account.sign_typed_data(full_message=typed(domain, "Order", ORDER_FIELDS, message))
        self.digest = "0x" + signed.message_hash.hex().removeprefix("0x")
        texts = {key: str(message[key]) for key in ("tokenId", "makerAmount", "takerAmount", "timestamp")}
        return {
            **message,
            **texts,
            "metadata": ZEROS,
            "builder": ZEROS,
            "side": side,
            "expiration": "0",
            "signature": "0x" + signed.signature.hex().removeprefix("0x"),
        }

    def body(self, order: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
        return {"deferExec": False, "order": order, "orderType": kind, "owner": self.creds["apiKey"], **more}

    async def limit(
        self,
        token: str,
        side: str,
        price: str,
        size: str,
        kind: str = "GTC",
        neg_risk: bool = False,
        **more: Any,
    ) -> Any:
        shares = int(Decimal(size) * 10**6)
        dollars = int(Decimal(size) * Decimal(price) * 10**6)
        pair = (dollars, shares) if side == "BUY" else (shares, dollars)
        order = self.signed(token, side, *pair, neg_risk)
        expiration = more.pop("expiration", "0")
        return await self.ask("POST", "/order", self.body(order | {"expiration": expiration}, kind, **more))

    async def market_buy(self, token: str, dollars: str, limit: str, kind: str = "FAK") -> Any:
        making = int(Decimal(dollars) * 10**6)
        taking = int((Decimal(dollars) / Decimal(limit)).quantize(Decimal("0.0001")) * 10**6)
        return await self.ask("POST", "/order", self.body(self.signed(token, "BUY", making, taking), kind))

    async def truth(self) -> Any:
        return (await self.get("control", f"/truth?address={self.address}"))[1]


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Return the folder of recorded responses, or skip."""
    if not RECORDED.is_dir():
        pytest.skip("recorded responses are absent (../shared/data/polymarket)")
    return RECORDED


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as one:
        yield one


@pytest.fixture
def population() -> Population:
    """Nobody trades but makers; tests that need a crowd say so."""
    return QUIET


@pytest.fixture
async def venue(tmp_path: Path, population: Population) -> AsyncIterator[Venue]:
    """A venue whose clock is moved by hand, two seconds after its start."""
    guest = bytes.fromhex(Account.from_key("0x" + "a1" * 32).address[2:])
    asked = Settings(tmp_path, fund=(guest,), speed=0.0, start=START, population=population)
    async with opened(asked) as one:
        await one.advance(2)
        yield one


@pytest.fixture
async def guest(venue: Venue, session: aiohttp.ClientSession) -> Guest:
    """A funded trader with an API key."""
    one = Guest(session, venue)
    await one.log_in()
    return one


def market_of(venue: Venue, series: str) -> Any:
    """Return the open market of a series."""
    return next(one for one in venue.world.open_markets(venue.clock.now()) if one.slug.startswith(series))


@pytest.fixture
def launch(venue: Venue) -> Any:
    """A long market with ticks of a cent, fees and no delay."""
    return market_of(venue, "launch")


@pytest.fixture
def book_of(venue: Venue) -> Any:
    """Return a function from token to (best bid, best ask) in micro-units."""
    return lambda market, token: venue.world.exchange.book(market).best(token)


@pytest.fixture
def find(venue: Venue) -> Any:
    """Return a function from a series' name to its open market."""
    return lambda series: market_of(venue, series)


@pytest.fixture(scope="session")
def order_typed_data() -> Any:
    """Return a function from (chain id, contract, message) to an order's typed data."""

    def build(chain_id: int, contract: str, message: dict[str, Any]) -> dict[str, Any]:
        domain = {"name": "Polymarket CTF Exchange", "version": "2"}
        place = {"chainId": chain_id, "verifyingContract": contract}
        return typed({**domain, **place}, "Order", ORDER_FIELDS, message)

    return build
