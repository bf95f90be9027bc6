"""The venue as others meet it: a process, its venue.json, its sockets and its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import coincurve
import msgspec
import pytest

from localvenues.arbitrum import wire
from localvenues.arbitrum.abi import selector, text, words
from localvenues.arbitrum.transactions import Account, Transaction, address_of, keccak

BLOCK_TIME = 0.1
GUEST = "0x00000000000000000000000000000000000000AA"
OWN = Account.from_secret(b"\x0b" * 32)
OWNER = text(OWN.address)
START_SECONDS = 30.0
REQUESTED = "Arbitrum-Requested-Sequence-Number"
VERSION = "Arbitrum-Feed-Client-Version"


UNREADABLE = (ValueError, AssertionError, LookupError, TypeError, AttributeError, RecursionError)


class Process:
    """A venue in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        words = ["arbitrum", "--dir", str(folder), "--block-time", str(BLOCK_TIME), *options]
        self.folder = folder
        self.child = subprocess.Popen(
            [sys.executable, "-m", "localvenues.cli", *words], stderr=subprocess.PIPE, text=True
        )
        assert self.child.stderr is not None
        self.said: list[str] = []
        for line in self.child.stderr:
            self.said.append(line)
            if "ready" in line:
                break
        if self.child.poll() is None and (folder / "venue.json").exists():
            self.listing: dict[str, Any] = json.loads((folder / "venue.json").read_text())

    def node(self) -> int:
        """Return the chain node's process id."""
        children = Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()
        assert len(children) == 1
        return int(children[0])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the venue, wait, and return its exit code."""
        if self.child.poll() is None:
            self.child.send_signal(number)
        assert self.child.stderr is not None
        self.said += self.child.stderr.readlines()
        self.child.stderr.close()
        return self.child.wait(START_SECONDS)


def gone(pid: int) -> bool:
    """Say whether a process has ended (an unreaped one has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    one = Process(tmp_path_factory.mktemp("venue"), "--fund", GUEST, "--fund", OWNER, "--seed", "7")
    try:
        yield one
    finally:
        one.stop()


class Guest:
    """A client of one venue."""

    def __init__(self, listing: dict[str, Any], session: aiohttp.ClientSession) -> None:
        self.listing, self.session = listing, session

    async def rpc(self, method: str, *params: Any, timeout: float = 10.0) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        limit = aiohttp.ClientTimeout(timeout)
        async with self.session.post(self.listing["rpc"], json=body, timeout=limit) as reply:
            reply.raise_for_status()
            return (await reply.json())["result"]

    async def read(self, place: str, signature: str, *values: int) -> list[int]:
        data = selector(signature) + b"".join(value.to_bytes(32, "big") for value in values)
        return words(await self.rpc("eth_call", {"to": place, "data": "0x" + data.hex()}, "latest"))

    async def status(self) -> Any:
        async with self.session.get(self.listing["control"] + "/status") as reply:
            return await reply.json()

    async def fault(self, name: str, seconds: float) -> None:
        """Inject a fault and return when it is active or already over."""
        done = (await self.status())["faults"]["done"].count(name)
        body = {"name": name, "seconds": seconds, "seed": 3}
        async with self.session.post(self.listing["control"] + "/fault", json=body) as reply:
            assert reply.status == 202
        await self.until(lambda faults: name in faults["active"] or faults["done"].count(name) > done)

    async def mended(self, name: str) -> None:
        await self.until(lambda faults: name not in faults["active"])

    async def until(self, holds: Callable[[Any], bool]) -> None:
        """Look at the faults until something holds of them; give up after some seconds."""
        for _ in range(500):
            if holds((await self.status())["faults"]):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(await self.status())

    def feed(self, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.ws_connect(self.listing["feed"], headers=named)

    @contextlib.asynccontextmanager
    async def latest(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Connect to the feed from its tail on."""
        tail = (await self.status())["feed"]["backlog"][1]
        async with self.session.ws_connect(self.listing["feed"], headers={REQUESTED: str(tail)}) as socket:
            yield socket


@pytest.fixture
async def guest(process: Process) -> AsyncIterator[Guest]:
    async with aiohttp.ClientSession() as session:
        yield Guest(process.listing, session)


async def rows_of(socket: aiohttp.ClientWebSocketResponse, count: int) -> list[dict[str, Any]]:
    """Read frames until there are that many messages; confirmations are passed over."""
    rows: list[dict[str, Any]] = []
    while len(rows) < count:
        rows += json.loads(await socket.receive_str(timeout=10)).get("messages", ())
    return rows


# --- what is on the chain ---


async def test_the_listing_is_true_to_the_chain(guest: Guest) -> None:
    """Law: decimals, factories and pools in venue.json are what the contracts say."""
    listing = guest.listing
    assert int(await guest.rpc("eth_chainId"), 16) == listing["chain_id"]
    assert {row["decimals"] for row in listing["tokens"].values()} == {6, 8, 18}
    for token in listing["tokens"].values():
        assert await guest.read(token["address"], "decimals()") == [token["decimals"]]
    assert len(listing["pools"]) >= 10
    for pool in listing["pools"]:
        first, second = (int(token, 16) for token in pool["tokens"])
        if pool["version"] == "v2":
            found = await guest.read(listing["v2"]["factory"], "getPair(address,address)", first, second)
        else:
            shape = "getPool(address,address,uint24)"
            found = await guest.read(listing["v3"]["factory"], shape, first, second, pool["fee"])
        assert found == [int(pool["address"], 16)]
        assert (await guest.read(pool["address"], "token0()"))[0] == first < second


async def test_a_guest_is_funded_and_told_the_truth(guest: Guest) -> None:
    async with guest.session.get(guest.listing["control"] + "/truth", params={"address": GUEST}) as reply:
        truth = await reply.json()
    assert (truth["eth"], truth["tokens"]["WETH"]) == (str(100 * 10**18), str(50 * 10**18))
    assert truth["nonce"] == 0
    assert await guest.read(guest.listing["weth"], "balanceOf(address)", 0xAA) == [50 * 10**18]


async def test_traders_swap_on_every_router_and_little_reverts(guest: Guest) -> None:
    """Law: the crowd's calls reach the real routers, and all but the few meant to fail succeed."""
    async with guest.latest() as socket:
        await rows_of(socket, 40)
    traders = (await guest.status())["traders"]
    assert traders["refused"] == 0
    assert traders["sent"] > 12
    assert traders["reverted"] < 0.3 * traders["sent"]
    forms = " ".join(traders["forms"])
    assert all(router in forms for router in ("noise v2.", "noise router.", "noise router02.", "shove"))


async def test_the_rpc_door_takes_single_and_batched_calls(guest: Guest) -> None:
    batch = [{"jsonrpc": "2.0", "id": n, "method": "eth_chainId", "params": []} for n in range(3)]
    async with guest.session.post(guest.listing["rpc"], json=batch) as reply:
        assert [row["id"] for row in await reply.json()] == [0, 1, 2]


# --- the feed ---


async def test_each_message_is_its_block(guest: Guest, reader: Any) -> None:
    """Law: number, hash and the transactions' hashes, in order, are the mined block's."""
    seen = 0
    async with guest.latest() as socket:
        for row in await rows_of(socket, 25):
            block = await guest.rpc("eth_getBlockByNumber", hex(row["sequenceNumber"]), False)
            raws = reader.transactions(json.dumps({"messages": [row]}))
            assert row["blockHash"] == block["hash"]
            assert ["0x" + keccak(raw).hex() for raw in raws] == block["transactions"]
            assert row["message"]["message"]["header"]["timestamp"] == int(block["timestamp"], 16)
            seen += len(raws)
    assert seen > 0


async def test_numbers_follow_each_other_from_the_requested_one(guest: Guest) -> None:
    async with guest.feed(**{REQUESTED: "3", VERSION: "2"}) as socket:
        rows = await rows_of(socket, 30)
        headers = socket._response.headers
    assert [row["sequenceNumber"] for row in rows] == list(range(3, 3 + len(rows)))
    assert headers["Arbitrum-Feed-Server-Version"] == "2"
    assert headers["Arbitrum-Chain-Id"] == str(guest.listing["chain_id"])


async def test_a_guest_s_own_transaction_comes_by_the_feed_after_its_block(guest: Guest, reader: Any) -> None:
    """Law: what is sent to the RPC door is mined, told on the feed byte for byte, and readable at once."""
    payment = Transaction(guest.listing["chain_id"], 0, 21_000, b"\xcc" * 20, 12345, max_fee=10**9)
    raw = OWN.sign(payment)
    async with guest.latest() as socket:
        sent = await guest.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        while raw not in reader.transactions(text_frame := await socket.receive_str(timeout=10)):
            pass
    number = hex(reader.numbers(text_frame)[-1])
    assert sent == "0x" + keccak(raw).hex()
    assert (await guest.rpc("eth_getTransactionReceipt", sent))["status"] == "0x1"
    assert int(await guest.rpc("eth_getBalance", "0x" + "cc" * 20, number), 16) == 12345


@pytest.mark.parametrize("headers", [{}, {REQUESTED: str(10**12)}])
async def test_no_number_or_one_beyond_the_tail_brings_the_whole_backlog(
    guest: Guest, headers: dict[str, str]
) -> None:
    async with guest.feed(**headers) as socket:
        assert (await rows_of(socket, 1))[0]["sequenceNumber"] == 1


@pytest.mark.parametrize("headers", [{VERSION: "1"}, {VERSION: "two"}, {REQUESTED: "-4"}, {REQUESTED: "x"}])
async def test_bad_headers_are_refused(guest: Guest, headers: dict[str, str]) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await guest.feed(**headers)
    assert refused.value.status == 400


# --- faults ---


async def test_feed_drop_resets_readers_and_lets_them_return(guest: Guest) -> None:
    async with guest.latest() as socket:
        last = (await rows_of(socket, 1))[-1]["sequenceNumber"]
        await guest.fault("feed_drop", 0)
        while (message := await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            last = json.loads(message.data)["messages"][-1]["sequenceNumber"]
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    async with guest.feed(**{REQUESTED: str(last)}) as socket:
        assert [row["sequenceNumber"] for row in await rows_of(socket, 3)][:3] == [last, last + 1, last + 2]


async def test_feed_drop_with_a_length_keeps_the_door_shut(guest: Guest) -> None:
    await guest.fault("feed_drop", 0.5)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await guest.feed()
    assert refused.value.status == 503
    await guest.mended("feed_drop")
    async with guest.latest() as socket:
        assert await rows_of(socket, 1)


async def test_feed_freeze_is_silent_and_then_makes_up_for_it(guest: Guest) -> None:
    """Law: blocks go on, the socket stays open, nothing comes, not even a pong; then all of it comes."""
    async with guest.latest() as socket:
        await guest.fault("feed_freeze", 1.5)
        before = (await guest.status())["block"]
        numbers = []
        with contextlib.suppress(TimeoutError):
            while True:
                numbers += [row["sequenceNumber"] for row in await rows_of_one(socket, 0.6)]
        after = (await guest.status())["block"]
        assert after - before >= 3
        assert not socket.closed
        await guest.mended("feed_freeze")
        numbers += [row["sequenceNumber"] for row in await rows_of(socket, after - before + 2)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def rows_of_one(socket: aiohttp.ClientWebSocketResponse, timeout: float) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(await socket.receive_str(timeout=timeout))["messages"]
    return rows


async def test_feed_duplicate_repeats_numbers(guest: Guest) -> None:
    async with guest.latest() as socket:
        await guest.fault("feed_duplicate", 1.0)
        numbers = [row["sequenceNumber"] for row in await rows_of(socket, 12)]
    await guest.mended("feed_duplicate")
    assert len(set(numbers)) < len(numbers)
    assert set(range(numbers[0], max(numbers) + 1)) <= set(numbers)


async def test_feed_gap_loses_messages_that_the_backlog_still_has(guest: Guest) -> None:
    async with guest.latest() as socket:
        await guest.fault("feed_gap", 1.0)
        numbers = [row["sequenceNumber"] for row in await rows_of(socket, 12)]
    await guest.mended("feed_gap")
    lost = set(range(numbers[0], numbers[-1])) - set(numbers)
    assert lost
    async with guest.feed(**{REQUESTED: str(numbers[0])}) as socket:
        held = [row["sequenceNumber"] for row in await rows_of(socket, numbers[-1] - numbers[0] + 1)]
    assert lost <= set(held)


async def test_feed_malformed_sends_frames_that_cannot_be_read(guest: Guest, reader: Any) -> None:
    bad = 0
    async with guest.latest() as socket:
        await guest.fault("feed_malformed", 1.0)
        for _ in range(14):
            text = await socket.receive_str(timeout=10)
            try:
                assert reader.numbers(text)
                reader.transactions(text)
            except (
                ValueError,
                AssertionError,
                KeyError,
                TypeError,
                AttributeError,
                IndexError,
                RecursionError,
            ):
                bad += 1
    await guest.mended("feed_malformed")
    assert 0 < bad < 14


async def test_rpc_429_names_a_time_to_retry(guest: Guest) -> None:
    await guest.fault("rpc_429", 0.5)
    with pytest.raises(aiohttp.ClientResponseError) as refused:
        await guest.rpc("eth_blockNumber")
    assert refused.value.status == 429
    assert refused.value.headers is not None and int(refused.value.headers["Retry-After"]) >= 1
    await guest.mended("rpc_429")
    assert await guest.rpc("eth_blockNumber")


async def test_rpc_slow_answers_late_but_truly(guest: Guest) -> None:
    await guest.fault("rpc_slow", 0.8)
    with pytest.raises(TimeoutError):
        await guest.rpc("eth_chainId", timeout=0.5)
    await guest.mended("rpc_slow")
    assert int(await guest.rpc("eth_chainId"), 16) == guest.listing["chain_id"]


async def test_rpc_down_refuses_connections_and_opens_on_the_same_port(guest: Guest) -> None:
    await guest.rpc("eth_chainId")
    await guest.fault("rpc_down", 0.5)
    with pytest.raises(aiohttp.ClientConnectionError):
        await guest.rpc("eth_chainId")
    await guest.mended("rpc_down")
    assert await guest.rpc("eth_chainId")


@pytest.mark.parametrize(
    "body", ['{"name":"feed_freez"}', '{"seconds":1}', "{", '{"name":"feed_drop","seconds":-1}']
)
async def test_a_bad_fault_request_is_refused_with_its_reason(guest: Guest, body: str) -> None:
    async with guest.session.post(guest.listing["control"] + "/fault", data=body) as reply:
        assert reply.status == 400
        assert (await reply.json())["error"]


# --- life and death ---


def signer_of(message: wire.FeedMessage, chain_id: int) -> int:
    assert message.signature_v2 is not None
    digest = wire.signed_hash(message, chain_id)
    key = coincurve.PublicKey.from_signature_and_message(message.signature_v2, digest, hasher=None)
    return int.from_bytes(address_of(key), "big")


async def test_a_signed_feed_of_another_chain(tmp_path: Path) -> None:
    """Law: options reach the wire: chain id, offset, signer, an entry of the fault script."""
    options = ("--sign-feed", "--chain-id", "42161", "--offset", "22207817", "--faults", "feed_drop@0.1+0.1")
    process = Process(tmp_path, *options)
    try:
        async with aiohttp.ClientSession() as session:
            guest = Guest(process.listing, session)
            await guest.until(lambda faults: "feed_drop" in faults["done"])
            async with guest.feed() as socket:
                frame = msgspec.json.decode(await socket.receive_str(timeout=10), type=wire.Frame)
            assert isinstance(frame.messages, list)
            for message in frame.messages:
                assert message.signature_v2 is not None
                digest = wire.signed_hash(message, 42161)
                key = coincurve.PublicKey.from_signature_and_message(
                    message.signature_v2, digest, hasher=None
                )
                assert address_of(key).hex() == guest.listing["feed_signer"][2:].lower()
            tail = frame.messages[-1]
            block = await guest.rpc("eth_getBlockByNumber", hex(tail.sequence_number + 22207817), False)
            assert block["hash"] == tail.block_hash
    finally:
        assert process.stop(signal.SIGINT) == 0


def test_a_clean_stop_leaves_no_process_and_no_files(tmp_path: Path) -> None:
    process = Process(tmp_path)
    node = process.node()
    assert process.stop() == 0
    assert gone(node)
    assert [path.name for path in tmp_path.iterdir()] == ["anvil.log"]


def test_the_node_dies_with_a_killed_venue(tmp_path: Path) -> None:
    process = Process(tmp_path)
    node = os.pidfd_open(process.node())
    assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    # The kernel kills the node; its end is awaited without polling.
    assert select.select([node], [], [], 10)[0]
    os.close(node)


def test_a_venue_whose_node_dies_says_why_and_fails(tmp_path: Path) -> None:
    process = Process(tmp_path)
    os.kill(process.node(), signal.SIGKILL)
    assert process.child.wait(START_SECONDS) == 1
    process.stop()
    assert "the chain node ended with -9" in "".join(process.said)
    assert not (tmp_path / "venue.json").exists()


def test_a_wrong_fault_name_is_told_before_anything_starts(tmp_path: Path) -> None:
    process = Process(tmp_path, "--faults", "feed_freez")
    assert process.stop() == 2
    assert "did you mean 'feed_freeze'" in "".join(process.said)
    assert not list(tmp_path.iterdir())
