"""Read a dex book from YAML. The format is described in docs/reference/dex.md.

Nothing is guessed: an unknown key, a bad or repeated address or a wrong word is an error that names the
place and the nearest right word.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Hashable
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, cast

import yaml

from arbbot.dex.address import parse_address
from arbbot.dex.book import ROUTER_KINDS, SALTS, DexBook, Factory, Router, RouterKind, Salt, Token
from arbbot.model import Version

T = TypeVar("T")
ARBITRUM_ONE = "arbitrum_one.yaml"


class DexBookError(ValueError):
    """A dex book that cannot be used; the message names the place in it."""


class _Loader(yaml.BaseLoader):
    """Reads every scalar as text, so that an unquoted address is not taken for a number."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise DexBookError(f"line {node.start_mark.line + 1}: {key!r} stands there twice")
        return super().construct_mapping(node, deep)


class _Section:
    """One mapping of the file while it is read: what was not taken at the end is unknown."""

    def __init__(self, content: object, place: str) -> None:
        if not isinstance(content, dict):
            raise DexBookError(f"{place}: a mapping is wanted")
        self.left: dict[str, object] = dict(content)
        self.known: list[str] = []
        self.place = place

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def fail(self, key: str, text: str) -> DexBookError:
        return DexBookError(f"{self.at(key)}: {text}")

    def take(self, key: str, read: Callable[[str], T]) -> T:
        value = self.optional(key, read)
        if value is None:
            near = difflib.get_close_matches(key, self.left, 1)
            raise self.fail(key, "is missing" + (f"; is {near[0]!r} meant to be it?" if near else ""))
        return value

    def optional(self, key: str, read: Callable[[str], T]) -> T | None:
        self.known.append(key)
        if key not in self.left:
            return None
        value = self.left.pop(key)
        if not isinstance(value, str):
            raise self.fail(key, "a plain value is wanted")
        try:
            return read(value)
        except ValueError as fault:
            raise self.fail(key, str(fault)) from None

    def sections(self, key: str) -> list[tuple[str, _Section]]:
        self.known.append(key)
        content = self.left.pop(key, {})
        if not isinstance(content, dict):
            raise self.fail(key, "a mapping of names is wanted")
        return [(name, _Section(entry, f"{self.at(key)}.{name}")) for name, entry in content.items()]

    def numbers(self, key: str) -> dict[int, int]:
        self.known.append(key)
        content = self.left.pop(key, {})
        if not isinstance(content, dict):
            raise self.fail(key, "a mapping of numbers is wanted")
        try:
            return {_number(name): _number(value) for name, value in content.items()}
        except ValueError as fault:
            raise self.fail(key, str(fault)) from None

    def finish(self) -> None:
        for key in self.left:
            raise self.fail(key, f"unknown key{_nearest(key, self.known)}")


def _nearest(word: str, right: Collection[str]) -> str:
    near = difflib.get_close_matches(word, right, 1, 0.5)
    return f"; the nearest is {near[0]!r}" if near else f"; known are {', '.join(sorted(right))}"


def _number(text: object) -> int:
    if not isinstance(text, str) or not text.isascii() or not text.isdecimal() or len(text) > 20:
        raise ValueError(f"{text!r} is no whole number")
    return int(text)


def _hash(text: str) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32 or len(text) != 66:
        raise ValueError(f"{text!r} is no hash: 0x and 64 digits are wanted")
    return value


def _word(right: Collection[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in right:
            raise ValueError(f"{text!r} is not known{_nearest(text, right)}")
        return text

    return read


def _name(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


def load_book(path: Path) -> DexBook:
    """Read a dex book from a file. Raises DexBookError for its content, OSError for the file."""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise DexBookError("the file is no UTF-8 text") from None
    return parse_book(text)


def arbitrum_one() -> DexBook:
    """Read the book of Arbitrum One that comes with the package."""
    return parse_book(resources.files("arbbot.dex").joinpath(ARBITRUM_ONE).read_text("utf-8"))


def parse_book(text: str) -> DexBook:
    """Read a dex book from YAML text. Raises DexBookError."""
    try:
        content = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as fault:
        raise DexBookError(f"no YAML: {' '.join(str(fault).split())}") from None
    except RecursionError:
        raise DexBookError("no YAML: it nests too deep") from None
    top = _Section(content, "")
    chain_id = top.take("chain_id", _number)
    tokens = {name: _token(name, entry) for name, entry in top.sections("tokens")}
    routers = [_router(name, entry) for name, entry in top.sections("routers")]
    factories = tuple([_factory(name, entry) for name, entry in top.sections("factories")])
    native = top.optional("native", _word(tokens))
    top.finish()
    _check_once("tokens", tokens.values())
    _check_once("routers", routers)
    _check_once("factories", factories)
    by_address = MappingProxyType({router.address: router for router in routers})
    return DexBook(chain_id, native, MappingProxyType(tokens), by_address, factories)


def _token(symbol: str, entry: _Section) -> Token:
    token = Token(symbol, entry.take("address", parse_address), entry.take("decimals", _number))
    entry.finish()
    if token.decimals > 255:
        raise entry.fail("decimals", f"{token.decimals} passes 255")
    return token


def _router(name: str, entry: _Section) -> Router:
    kind = cast("RouterKind", entry.take("kind", _word(ROUTER_KINDS)))
    router = Router(name, entry.take("address", parse_address), entry.take("protocol", _name), kind)
    entry.finish()
    return router


def _factory(name: str, entry: _Section) -> Factory:
    version = cast("Version", entry.take("version", _word(("v2", "v3"))))
    address = entry.take("address", parse_address)
    usual = "pair" if version == "v2" else "pair_fee"
    factory = Factory(
        name,
        entry.take("protocol", _name),
        version,
        address,
        entry.optional("deployer", parse_address) or address,
        entry.optional("init_code_hash", _hash),
        cast("Salt", entry.optional("salt", _word(SALTS)) or usual),
        entry.optional("fee", _number),
        MappingProxyType(entry.numbers("tick_spacings")),
    )
    entry.finish()
    return factory


def _check_once(section: str, entries: Collection[Token | Router | Factory]) -> None:
    seen: dict[bytes, str] = {}
    for entry in entries:
        name = entry.symbol if isinstance(entry, Token) else entry.name
        if (first := seen.setdefault(entry.address, name)) != name:
            raise DexBookError(f"{section}.{name}.address: the same address as {section}.{first}")
