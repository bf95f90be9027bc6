"""kill -9 at random points of evaluate, write, send, record: no page is lost, a crash repeats one at most."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path

from localvenues.channels.venue import Channels, Settings
from watchkeeper.keeper.alertstore import AlertStore

KILLS = 200 if os.environ.get("LONG") == "1" else 12
LONGEST_LIFE = 0.6


class Nursery:
    """Starts lives and ends them."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def open(cls, folder: Path) -> Nursery:
        script = Path(__file__).with_name("paging_life.py")
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(sys.executable, script, folder, stdin=pipe, stdout=pipe)
        )

    async def begin(self, most: int) -> int:
        """Start a life and return its process id; most 0: it feeds alerts until it is killed."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{most}\n".encode())
        return int(await self._line())

    async def ended(self) -> int:
        """Wait for the end of a life; return its status."""
        return int((await self._line()).split()[1])

    async def _line(self) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            return (await self._process.stdout.readline()).decode()

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


async def test_no_page_is_lost_and_a_crash_repeats_one_at_most(tmp_path: Path) -> None:
    """Every alert that was accepted is triggered, under one dedup_key.

    An alert comes twice only where a crash hit it on its way, and thrice only where the next life was
    killed in the same moment again. After the last start the alerts are those that were accepted.
    """
    chance = random.Random(20261121)
    channels = Channels(Settings(tmp_path / "channels"))
    await channels.open()
    nursery = await Nursery.open(tmp_path)
    for _ in range(KILLS):
        pid = await nursery.begin(0)
        await asyncio.sleep(chance.uniform(0, LONGEST_LIFE))
        os.kill(pid, signal.SIGKILL)
        assert await nursery.ended() == signal.SIGKILL
    accepted = len((tmp_path / "accepted").read_bytes().split())
    await nursery.begin(accepted + 1)
    assert await nursery.ended() == 0, "what is owed is not sent in a minute"
    await nursery.close()
    events = [one.body for one in channels.received.of("pagerduty", taken=True)]
    await channels.close()
    check(events, accepted + 1, interruptions(tmp_path / "outbox.db"))
    store = AlertStore.open(tmp_path)
    kept = {dict(one.alert.labels)["number"] for one in store.memory().standings}
    store.close()
    assert kept == {str(number) for number in range(accepted + 1)}


def interruptions(path: Path) -> dict[str, int]:
    """Return how many crashes may have hit each alert on its way, by dedup_key."""
    db = sqlite3.connect(path)
    found = {
        hashlib.sha256(group.encode()).hexdigest(): times
        for group, times in db.execute("SELECT group_key, MAX(interruptions) FROM outbox GROUP BY group_key")
    }
    db.close()
    return found


def check(events: list[dict[str, object]], count: int, hits: dict[str, int]) -> None:
    """Compare what the pager got with what was accepted."""
    times = Counter(str(event["dedup_key"]) for event in events)
    expected = {dedup_key(number) for number in range(count)}
    assert expected - set(times) == set(), "lost"
    assert set(times) - expected == set(), "a dedup_key that no alert has"
    repeats = sum(times.values()) - len(times)
    often = sum(seen > 2 for seen in times.values())
    print(f"{KILLS} kills, {count} alerts, none lost, {repeats} repeats, {often} alerts more than twice")
    assert all(seen <= 1 + hits[key] for key, seen in times.items())
    assert all(event["event_action"] == "trigger" for event in events)


def dedup_key(number: int) -> str:
    return hashlib.sha256(f'{{}}:{{number="{number}"}}'.encode()).hexdigest()
