"""The RPC client against a scripted HTTP server on loopback."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from arbbot.rpc import (
    Rpc,
    RpcError,
    RpcLimited,
    RpcMalformed,
    RpcRefused,
    RpcUnavailable,
    provider_of,
    retry_after,
)


class Node:
    """Answers by script; an exhausted script answers each method with its name."""

    def __init__(self) -> None:
        self.script: list[web.Response] = []
        self.bodies: list[Any] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        if self.script:
            return self.script.pop(0)
        if isinstance(body, list):
            return web.json_response(
                [{"id": row["id"], "result": row["params"][0]} for row in reversed(body)]
            )
        return web.json_response({"id": body["id"], "result": body["method"]})


class Calls:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None]] = []

    def called(self, method: str, seconds: float, reason: str | None) -> None:
        assert seconds >= 0
        self.seen.append((method, reason))


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    server = Node()
    app = web.Application()
    app.router.add_post("/", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield server
    await runner.cleanup()


@pytest.fixture
async def rpc(node: Node) -> AsyncIterator[tuple[Rpc, Calls, list[float]]]:
    calls, waits = Calls(), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    client = Rpc(node.url, calls, retries=2, sleep=sleep)
    yield client, calls, waits
    await client.close()


ODD = ["<html>", "{}", "[]", '{"id": 1, "error": 3}', "null", '{"id": 99, "result": 1}']


async def test_batched_answers_return_in_the_order_of_the_questions(node: Node, rpc: Any) -> None:
    """A server may answer a batch in any order, and large batches are cut."""
    client, _, _ = rpc
    assert await client.batch([("m", [n]) for n in range(25)], size=10) == list(range(25))
    assert [len(body) for body in node.bodies] == [10, 10, 5]


async def test_a_limit_is_waited_for_and_counted(node: Node, rpc: Any) -> None:
    """429 with Retry-After is repeated after that time."""
    client, calls, waits = rpc
    node.script = [web.Response(status=429, headers={"Retry-After": "2"})]
    assert await client.call("eth_chainId") == "eth_chainId"
    assert waits == [2.0]
    assert calls.seen == [("eth_chainId", "rate_limited"), ("eth_chainId", None)]


async def test_patience_ends(node: Node, rpc: Any) -> None:
    """After the retries the last error is raised."""
    client, calls, waits = rpc
    node.script = [web.Response(status=503) for _ in range(3)]
    with pytest.raises(RpcUnavailable):
        await client.call("x")
    assert len(calls.seen) == 3
    assert waits == [0.1, 0.2]


async def test_once_is_never_repeated(node: Node, rpc: Any) -> None:
    """What must not be sent twice is sent once."""
    client, _, _ = rpc
    node.script = [web.Response(status=429)]
    with pytest.raises(RpcLimited):
        await client.once("eth_sendRawTransaction", "0x")
    assert len(node.bodies) == 1


@pytest.mark.parametrize(
    "text", ["<html>", "{}", "[]", '{"id": 1, "error": 3}', "null", '{"id": 99, "result": 1}']
)
async def test_an_answer_that_is_no_json_rpc_is_malformed(node: Node, rpc: Any, text: str) -> None:
    """Whatever a provider sends instead, the error is ours."""
    client, _, _ = rpc
    node.script = [web.Response(text=text) for _ in range(3)]
    with pytest.raises(RpcMalformed):
        await client.call("x")


async def test_the_node_s_own_error_is_not_retried(node: Node, rpc: Any) -> None:
    """It is an answer: code, text and data are kept."""
    client, calls, _ = rpc
    error = {"code": -32000, "message": "execution reverted", "data": "0x01"}
    node.script = [web.Response(text=json.dumps({"id": 1, "error": error}))]
    with pytest.raises(RpcRefused) as caught:
        await client.call("eth_call")
    assert (caught.value.code, caught.value.data) == (-32000, "0x01")
    assert calls.seen == [("eth_call", "refused")]


async def test_a_batch_gives_each_refusal_in_its_place(node: Node, rpc: Any) -> None:
    """One reverting call does not spoil the others; a revert is told from a failure of the node."""
    client, calls, _ = rpc
    rows = [
        {"id": 1, "result": "0x01"},
        {"id": 2, "error": {"code": 3, "message": "execution reverted"}},
        {"id": 3, "error": {"code": -32602, "message": "block out of range"}},
    ]
    node.script = [web.json_response(rows)]
    good, reverted, lost = await client.batch([("eth_call", [])] * 3)
    assert good == "0x01"
    assert (reverted.reverted, lost.reverted) == (True, False)
    assert calls.seen == [("eth_call", None)]


async def test_nobody_listening_is_unavailable() -> None:
    """No connection is an error of the tree, not of the HTTP library."""
    client = Rpc("http://127.0.0.1:1/", Calls(), retries=0)
    with pytest.raises(RpcError) as caught:
        await client.call("x")
    await client.close()
    assert caught.value.reason == "unavailable"


def test_an_odd_retry_after_is_a_second() -> None:
    """Dates, nonsense and absence do not stop the client."""
    assert [retry_after(value) for value in (None, "x", "Wed, 21 Oct", "-5", "2.5")] == [1, 1, 1, 0, 2.5]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:8545", "127.0.0.1:8545"),
        ("https://arb-mainnet.example.com/v2/secret-key?token=secret", "arb-mainnet.example.com"),
        ("https://user:secret@node.example.com:8443/", "node.example.com:8443"),
        ("http://[::1]:8545/", "::1:8545"),
    ],
)
def test_a_provider_is_named_by_its_host_and_never_by_its_key(url: str, name: str) -> None:
    assert provider_of(url) == name
