"""What the bot's observer makes of a block: a trace with its stages, operations, exemplars."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from arbbot.settings import read_settings
from arbbot.watch import Watcher
from watchkeeper import Watch

SETTINGS = read_settings(
    {"chain_id": 1, "dex": "x", "feed": {"url": "ws://x"}, "rpc": {"url": "http://x"}, "limits": {}}
)


def watched(ratio: float = 1.0) -> tuple[Watch, Watcher]:
    """Return an agent that records traces and keeps their spans, and the bot's observer over it."""
    watch = Watch("arbbot", environment={"METRICS_PORT": "0"}, system=False, profile_hz=0)
    watch.tracer.ratio = ratio
    return watch, Watcher(watch, SETTINGS)


async def life_of_a_block(watcher: Watcher) -> None:
    """Tell what the bot tells of one frame that ends in an execution."""
    with watcher.block():
        watcher.message(7)
        watcher.stage("parse", 0.001)
        watcher.stage("detect", 0.002)
        watcher.stage("validate", 0.0005)
        executing = asyncio.create_task(execution(watcher))
        watcher.stage("end_to_end", 0.004)
    await executing


async def execution(watcher: Watcher) -> None:
    with watcher.operation("execute"):
        watcher.called("eth_sendRawTransaction", 0.003, None)
        watcher.called("eth_getTransactionReceipt", 0.001, "timeout")
        watcher.stage("execute", 0.005)


async def test_the_stages_of_a_block_are_spans_of_one_trace() -> None:
    """Each stage hangs below the block, the node's calls below the execution, and lasts as long as told."""
    watch, watcher = watched()
    await life_of_a_block(watcher)
    spans = {span.name: span for span in watch.tracer.taken(100)}
    block, execute = spans["block"], spans["execute"]
    assert {span.context.trace for span in spans.values()} == {block.context.trace}
    assert block.attributes == {"sequence": 7} and not block.parent
    for name in ("parse", "detect", "validate", "execute"):
        assert spans[name].parent == block.context.span
    for name in ("rpc eth_sendRawTransaction", "rpc eth_getTransactionReceipt"):
        assert spans[name].parent == execute.context.span
    assert spans["parse"].ended - spans["parse"].began == 1_000_000
    assert spans["rpc eth_getTransactionReceipt"].error == "timeout" and not execute.error


async def test_a_slow_stage_names_the_span_that_fell_into_its_bucket() -> None:
    """The exemplar of a bucket in OpenMetrics is the stage's own span; end to end it is the block's."""
    watch, watcher = watched()
    with watch:
        await life_of_a_block(watcher)
        text = await asyncio.to_thread(openmetrics, watch)
    spans = {span.name: span for span in watch.tracer.taken(100)}
    linked: dict[str, Any] = {}
    for family in text_string_to_metric_families(text):
        if family.name == "mev_processing_latency_seconds":
            linked |= {one.labels["stage"]: one.exemplar for one in family.samples if one.exemplar}
    for stage, name in (("parse", "parse"), ("execute", "execute"), ("end_to_end", "block")):
        assert linked[stage].labels["span_id"] == spans[name].context.span_id
        assert linked[stage].labels["trace_id"] == spans["block"].context.trace_id


def openmetrics(watch: Watch) -> str:
    address = f"http://127.0.0.1:{watch.port}/metrics"
    request = urllib.request.Request(address, headers={"Accept": "application/openmetrics-text"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("ratio", [0.0, 1e-9])
async def test_a_trace_that_is_not_recorded_leaves_nothing(ratio: float) -> None:
    """Without a collector, and where the head decides against it, the same life makes no span."""
    watch, watcher = watched(ratio)
    await life_of_a_block(watcher)
    assert watch.tracer.taken(100) == []


async def test_the_work_beside_the_hot_path_is_accounted_with_its_failures() -> None:
    """What the keeper's page reads: the executions and reconciliations, and which of them failed."""
    watch, watcher = watched()
    await execution(watcher)
    for fate in ("well", "raised", "said"):
        try:
            with watcher.operation("reconcile") as work:
                if fate == "raised":
                    raise ConnectionError("the node is away")
                if fate == "said":
                    work.fail()
        except ConnectionError:
            pass
    with watch:
        address = f"http://127.0.0.1:{watch.port}/debug/operations"
        body = await asyncio.to_thread(lambda: urllib.request.urlopen(address, timeout=30).read())
    rows = {row["name"]: row for row in json.loads(body)["operations"]}
    assert (rows["execute"]["count"], rows["execute"]["errors"]) == (1, 0)
    assert (rows["reconcile"]["count"], rows["reconcile"]["errors"]) == (3, 2)
    assert rows["reconcile"]["target"] == 0.25


def test_an_error_that_leaves_an_operation_goes_on() -> None:
    """Accounting swallows nothing."""
    _, watcher = watched()
    with pytest.raises(ConnectionError), watcher.operation("reconcile"):
        raise ConnectionError
