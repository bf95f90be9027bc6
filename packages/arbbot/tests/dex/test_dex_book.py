"""The dex book: Arbitrum One's facts, pools derived from it, and mistakes told by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from arbbot.dex.address import checksum, parse_address
from arbbot.dex.book import DexBook
from arbbot.dex.create2 import create2, pool_address
from arbbot.dex.load import DexBookError, arbitrum_one, load_book, parse_book

RECORDED = Path(__file__).resolve().parents[4].parent / "shared" / "data" / "arbitrum"
SMALL = """
chain_id: 412346
native: WETH
tokens:
  WETH: {address: "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1", decimals: 18}
  USDC: {address: 0xaf88d065e77c8cC2239327C5EDb3A432268e5831, decimals: 6}
routers:
  v2: {address: "0x4752ba5DBc23f44D87826276BF6Fd6b1C372aD24", protocol: uniswap, kind: uniswap_v2}
factories:
  v2:
    protocol: uniswap
    version: v2
    address: "0xf1D7CC64Fb4452F05c498126312eBE29f30Fbcf9"
    init_code_hash: "0x96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"
    fee: 3000
  v3:
    protocol: uniswap
    version: v3
    address: "0x1F98431c8aD98523631AE4a59f267346ea31F984"
    tick_spacings: {500: 10}
"""


@pytest.fixture(scope="module")
def facts() -> Any:
    """The recorded facts about Arbitrum's exchanges, or a skip that says so."""
    if not RECORDED.is_dir():
        pytest.skip("recorded data is absent: ../shared/data/arbitrum")
    return json.loads((RECORDED / "arbitrum_dex_facts.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def book() -> DexBook:
    """The book that comes with the package."""
    return arbitrum_one()


def test_every_recorded_pool_is_derived_from_the_book(book: DexBook, facts: Any) -> None:
    factories = {factory.name: factory for factory in book.factories}
    pools = {row["name"]: row["create2"] for row in facts["create2_checks"]}
    pools |= facts["derived_pools_create2"]["pools"]
    assert len(pools) > 70
    for name, address in pools.items():
        dex, pair, *fee = name.replace("sushi_v2", "sushiswap_v2").split()
        low, high = (book.tokens[symbol].address for symbol in pair.split("/"))
        for tokens in ((low, high), (high, low)):
            assert checksum(pool_address(factories[dex], *tokens, *map(int, fee))) == address


def test_the_book_holds_all_recorded_tokens_routers_and_factories(book: DexBook, facts: Any) -> None:
    assert book.chain_id == facts["chain_id"]
    for symbol, row in facts["tokens"].items():
        token = book.tokens[symbol]
        assert (checksum(token.address), token.decimals) == (row["address"], row["decimals"])
    universal = facts["dexes"]["uniswap_universal_router"]
    routers = [universal[key] for key in ("v1_2", "v2_0", "v2_1_1", "deployments_md_latest")]
    routers += universal["older_also_seen"]
    hashes = {}
    for dex in facts["dexes"].values():
        keys = (
            "router",
            "router02",
            "swap_router",
            "swap_router02",
            "smart_router",
            "router_v2_1",
            "router_v2_0",
        )
        routers += [dex[key] for key in keys if key in dex and "order/keeper" not in dex.get("note", "")]
        if "init_code_hash" in dex:
            hashes[parse_address(dex["factory"])] = dex["init_code_hash"]
    assert {parse_address(router.lower()) for router in routers} <= set(book.routers)
    known = {f.address: "0x" + f.init_code_hash.hex() for f in book.factories if f.init_code_hash}
    assert known == hashes


def test_tokens_and_factories_are_found(book: DexBook) -> None:
    weth = book.tokens["WETH"]
    assert book.native == "WETH"
    assert book.token_by_address[weth.address] is weth
    factory = book.factory("pancakeswap", "v3")
    assert factory is not None
    assert factory.deployer != factory.address
    assert factory.tick_spacings == {100: 1, 500: 10, 2500: 50, 10000: 200}
    assert book.factory("nobody", "v2") is None


def test_a_small_book_has_the_usual_defaults() -> None:
    small = parse_book(SMALL)
    v2, v3 = small.factories
    assert (v2.salt, v2.deployer, v2.fee) == ("pair", v2.address, 3000)
    assert (v3.salt, v3.init_code_hash, v3.fee) == ("pair_fee", None, None)
    assert small.routers[parse_address("0x4752ba5DBc23f44D87826276BF6Fd6b1C372aD24")].kind == "uniswap_v2"


def test_a_pool_needs_what_its_address_is_made_of() -> None:
    small = parse_book(SMALL)
    v2, v3 = small.factories
    a, b = b"\x01" * 20, b"\x02" * 20
    for factory, arguments in ((v2, (a, b, 500)), (v3, (a, b, 500)), (v2, (a, a))):
        with pytest.raises(ValueError, match=r"fee|hash|two tokens"):
            pool_address(factory, *arguments)
    with pytest.raises(ValueError, match="wants a fee"):
        pool_address(arbitrum_one().factories[1], a, b)


def test_create2_agrees_with_the_examples_of_its_standard() -> None:
    """EIP-1014, examples 1 and 3; the hash is of the init code 0x00."""
    code = bytes.fromhex("bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a")
    assert checksum(create2(bytes(20), bytes(32), code)) == "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"
    deployer = bytes.fromhex("deadbeef" + "00" * 16)
    assert checksum(create2(deployer, bytes(32), code)) == "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("chain_id: 412346", "chain_ld: 412346", r"chain_id: is missing; is 'chain_ld' meant"),
        ("native:", "natve:", r"natve: unknown key; the nearest is 'native'"),
        ("native: WETH", "native: WETHX", r"native: 'WETHX' is not known; the nearest is 'WETH'"),
        ("decimals: 6", "decimal: 6", r"tokens\.USDC\.decimals: is missing; is 'decimal' meant"),
        ("decimals: 6", "decimals: 6, symbl: x", r"tokens\.USDC\.symbl: unknown key; known are"),
        ("decimals: 6", "decimals: six", r"tokens\.USDC\.decimals: 'six' is no whole number"),
        ("decimals: 6", "decimals: -6", r"decimals: '-6' is no whole number"),
        ("decimals: 6", "decimals: 256", r"decimals: 256 passes 255"),
        ("0xaf88d0", "0xaf88", r"tokens\.USDC\.address: .* 40 digits"),
        ("0xaf88d065e77c8cC2", "0xAF88d065e77c8cC2", r"tokens\.USDC\.address: .* wrong checksum"),
        ("USDC:", "WETH:", r"line \d+: 'WETH' stands there twice"),
        (
            "0xaf88d065e77c8cC2239327C5EDb3A432268e5831",
            "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1",
            r"tokens\.USDC\.address: the same address as tokens\.WETH",
        ),
        ("kind: uniswap_v2", "kind: uniswapv2", r"routers\.v2\.kind: .* nearest is 'uniswap_v2'"),
        ("version: v3", "version: v4", r"factories\.v3\.version: 'v4' is not known; the nearest is"),
        ('init_code_hash: "0x96', 'init_code_hash: "0x', r"factories\.v2\.init_code_hash: .* no hash"),
        ("{500: 10}", "{low: 10}", r"factories\.v3\.tick_spacings: 'low' is no whole number"),
        ("{500: 10}", "10", r"tick_spacings: a mapping of numbers"),
        ("fee: 3000", "fee: [1]", r"factories\.v2\.fee: a plain value"),
        ("protocol: uniswap, kind", "protocol: '', kind", r"routers\.v2\.protocol: is empty"),
        ("chain_id: 412346", "chain_id: [", r"no YAML"),
    ],
)
def test_a_mistake_is_told_with_its_place(old: str, new: str, told: str) -> None:
    assert old in SMALL
    with pytest.raises(DexBookError, match=told):
        parse_book(SMALL.replace(old, new, 1))


@pytest.mark.parametrize(
    "text", ["", "- a", "tokens: 5\nchain_id: 1", "chain_id: 1\ntokens: {A: 5}", "a: " + "[" * 3000]
)
def test_a_book_of_another_shape_is_an_error(text: str) -> None:
    with pytest.raises(DexBookError):
        parse_book(text)


def test_a_book_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "dex.yaml"
    path.write_text(SMALL)
    assert load_book(path) == parse_book(SMALL)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DexBookError):
        load_book(path)
