"""Where every thread and every task stands at this moment."""

import asyncio
import threading
from collections.abc import Iterable
from time import time_ns
from typing import Any

from watchkeeper.agent.profiling.dump import Dumps, parsed
from watchkeeper.agent.profiling.profile import Amounts, Frame, Kind, Labels, Place, Profile, Stack, added
from watchkeeper.agent.profiling.stacks import frame_at

THREADS = (Kind("threads", "count"),)
TASKS = (Kind("tasks", "count"),)
MOST_TASKS = 10_000
MOST_AWAITS = 64


def threads(dumps: Dumps) -> Profile:
    """Return the stacks of all threads."""
    names = {one.ident: one.name for one in threading.enumerate()}
    amounts: dict[Place, Amounts] = {}
    for identity, block in dumps.take().items():
        label = ("thread", names.get(identity, f"thread {identity}"))
        added(amounts, (parsed(block), (label,)), (1,))
    return Profile(THREADS, amounts, time_ns(), preferred="threads")


def tasks(loops: Iterable[tuple[str, asyncio.AbstractEventLoop]]) -> Profile:
    """Return where the tasks of some loops wait, by the loops' names; one that is running has no stack."""
    amounts: dict[Place, Amounts] = {}
    for name, loop in loops:
        for task in sorted_tasks(loop):
            added(amounts, (awaited(task), labels_of(name, task)), (1,))
    return Profile(TASKS, amounts, time_ns(), preferred="tasks")


def sorted_tasks(loop: asyncio.AbstractEventLoop) -> list[asyncio.Task[Any]]:
    """Return a loop's tasks, from any thread; none where their set keeps changing under the look."""
    try:
        return sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())[:MOST_TASKS]
    except RuntimeError:
        return []


def labels_of(loop: str, task: asyncio.Task[Any]) -> Labels:
    """Return a task's labels; names that asyncio gives by number say nothing and would part equal stacks."""
    name = task.get_name()
    told = () if name.startswith("Task-") else (("task", name),)
    return (("loop", loop), *told)


def awaited(task: asyncio.Task[Any]) -> Stack:
    """Return a task's chain of awaits, the innermost first."""
    frames: list[Frame] = []
    waiting: Any = task.get_coro()
    while waiting is not None and len(frames) < MOST_AWAITS:
        code = getattr(waiting, "cr_code", None) or getattr(waiting, "gi_code", None)
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if code is not None and frame is not None:  # its callers are never looked at: they may be running
            frames.append(frame_at(code, frame.f_lasti))
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return tuple(reversed(frames))
