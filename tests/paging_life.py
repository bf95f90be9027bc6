"""One life after another of a keeper's paging path, each to be ended by kill -9; run by test_kill_paging.

`python paging_life.py FOLDER`: reads lines from standard input; `live` forks a life and prints its process
id, then `ended` when it is gone. A life takes in alerts, one after the other, and writes the number of each
to `accepted` once `post` has returned.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from dataclasses import replace
from itertools import count
from pathlib import Path

from watchkeeper.keeper.alertdesk import AlertDesk
from watchkeeper.keeper.alerts import Posted
from watchkeeper.keeper.alerts.config import parse
from watchkeeper.keeper.alertstore import AlertStore
from watchkeeper.keeper.notify.channels.sender import Voice
from watchkeeper.keeper.notify.channels.settings import Place
from watchkeeper.keeper.notify.outbox import Outbox
from watchkeeper.keeper.notify.receivers import senders

CONFIG = """
route: {{receiver: pager, group_by: [number], group_wait: 10ms, group_interval: 1h, repeat_interval: 10h}}
receivers:
  - name: pager
    pagerduty_configs: [{{routing_key: demo, url: "{url}"}}]
watchkeeper: {{}}
"""


async def live(folder: Path, most: int) -> None:
    """Take up what is owed, and take alerts in until killed, or until there are `most`."""
    told = json.loads((folder / "channels" / "channels.json").read_text())
    alerting = parse(CONFIG.format(url=told["pagerduty"]["url"]))
    store = AlertStore.open(folder)
    memory = store.memory()
    pager = senders(alerting.receivers.values(), Place(folder, folder), Voice())
    outbox = Outbox(folder / "outbox.db", unhurried(pager), time.time)
    memory = replace(memory, log=outbox.last_words(memory.log))
    desk = AlertDesk(alerting, store, memory, outbox.put, time.time)
    async with asyncio.TaskGroup() as group:
        group.create_task(outbox.run())
        group.create_task(desk.run())
        await feed(desk, folder, most)
        while outbox.waiting() or desk.dispatcher.due() - time.time() < 1:  # noqa: ASYNC110 (two things)
            await asyncio.sleep(0.02)
        os._exit(0)


def unhurried(pager: dict) -> dict:  # type: ignore[type-arg]
    """Lift PagerDuty's pace: the other side is on this machine."""
    return {
        line: replace(sender, limit=replace(sender.limit, per_second=0.0), width=8)
        for line, sender in pager.items()
    }


async def feed(desk: AlertDesk, folder: Path, most: int) -> None:
    """Post alerts; the ones that an earlier life had begun to post are posted again."""
    accepted = os.open(folder / "accepted", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    first = len((folder / "accepted").read_bytes().split())
    for number in count(first) if not most else range(first, most):
        labels = {"alertname": "Probe", "severity": "critical", "number": str(number)}
        await desk.post([Posted(labels, {"summary": f"alert {number}"}, ends_at=time.time() + 3600)])
        os.write(accepted, f"{number}\n".encode())
        await asyncio.sleep(0.002)


def nursery(folder: Path) -> None:
    """Fork a life for each line; the imports are paid for once."""
    for line in sys.stdin:
        most = int(line)
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                asyncio.run(live(folder, most))
            os._exit(1)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"ended {status}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    nursery(Path(sys.argv[1]))
