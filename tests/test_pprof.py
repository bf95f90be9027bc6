"""The real `go tool pprof` opens what the agent serves, and agrees about the hot function and the totals."""

import asyncio
import os
import re
import subprocess
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from random import Random
from time import thread_time

import pytest

from watchkeeper import Watch
from watchkeeper.agent.profiling.folded import top
from watchkeeper.agent.profiling.profile import flat
from watchkeeper.agent.profiling.reading import read

FindPeer = Callable[[str], str]
MESSAGES = 800


def spend(seconds: float) -> None:
    """Use the processor for so long."""
    end = thread_time() + seconds
    while thread_time() < end:
        pass


def hot(share: float) -> None:
    spend(2 * share * 0.0030)


def warm(share: float) -> None:
    spend(2 * share * 0.0010)


async def bot(messages: int) -> None:
    """Handle messages in short bursts on an event loop, as bots do: three quarters of the time in `hot`.

    Bursts are of random length: the kernel looks at CPU timers at its ticks, and would keep step with others.
    """
    chance = Random(1)
    for _ in range(messages):
        hot(chance.random())
        warm(chance.random())
        await asyncio.sleep(0.0005)


def fetched(watch: Watch, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{watch.port}{path}", timeout=30) as answer:
        return answer.read()


@pytest.fixture(scope="module")
def profile() -> bytes:
    """Return what the agent serves after the bot's messages."""
    with Watch("pprof", port=0, environment={}, profile_hz=100) as watch:
        asyncio.run(bot(MESSAGES))
        return fetched(watch, "/debug/pprof/profile?past=60")


def pprof(go: str, folder: Path, *words: str) -> str:
    environment = {**os.environ, "HOME": str(folder), "PPROF_TMPDIR": str(folder)}
    command = [go, "tool", "pprof", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=folder, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def functions(table: str) -> dict[str, tuple[int, int]]:
    """Read the rows of `-top`: own and cumulative amounts by function."""
    row = re.compile(r"^\s*(\d+)(?:ns)?\s+[\d.]+%\s+[\d.]+%\s+(\d+)(?:ns)?\s+[\d.]+%\s+(\S.*)$", re.MULTILINE)
    rows = row.findall(table)
    assert len(rows) == len({name for _, _, name in rows}), table
    return {name: (int(own), int(whole)) for own, whole, name in rows}


def function(name: str) -> str:
    return f"{__name__.rpartition('.')[2]}.{name}"


@pytest.mark.peer("go")
@pytest.mark.parametrize(("kind", "column"), [("cpu", 1), ("samples", 0)])
def test_go_and_we_count_the_same_for_every_function(
    peer: FindPeer, profile: bytes, tmp_path: Path, kind: str, column: int
) -> None:
    """Own and cumulative amounts of each function, and the total, are equal to the nanosecond."""
    (tmp_path / "p.pb.gz").write_bytes(profile)
    words = ("-top", "-nodecount=100000", "-nodefraction=0", "-edgefraction=0", "-unit=ns")
    told = pprof(peer("go"), tmp_path, *words, f"-sample_index={kind}", "p.pb.gz")
    ours = read(profile)
    theirs, wanted = functions(told), flat(ours, column)
    assert theirs == wanted, sorted(set(theirs.items()) ^ set(wanted.items()))
    total = re.search(r"of (\d+)(?:ns)? total", told)
    assert total is not None
    assert int(total[1]) == ours.totals()[column] > 0


@pytest.mark.peer("go")
def test_go_finds_the_hot_function_of_a_bursty_loop(peer: FindPeer, profile: bytes, tmp_path: Path) -> None:
    """Three quarters of the CPU time are spent under `hot`, a quarter under `warm`."""
    (tmp_path / "p.pb.gz").write_bytes(profile)
    told = functions(pprof(peer("go"), tmp_path, "-top", "-cum", "-nodecount=1000", "-unit=ns", "p.pb.gz"))
    total = read(profile).totals()[1]
    hot_share, warm_share = (told[function(name)][1] / total for name in ("hot", "warm"))
    assert hot_share + warm_share > 0.9, top(read(profile))
    assert 0.6 < hot_share / (hot_share + warm_share) < 0.9, top(read(profile))


@pytest.mark.peer("go")
@pytest.mark.parametrize("name", ["profile?seconds=0.3", "heap?seconds=0.3", "threads", "tasks", "block"])
def test_go_fetches_every_profile_by_its_address(peer: FindPeer, tmp_path: Path, name: str) -> None:
    """`go tool pprof http://...` works against the agent itself, and keeps every sample."""
    busy = threading.Event()
    kept: list[bytes] = []

    def work() -> None:
        while not busy.is_set():
            spend(0.005)
            kept.append(bytes(5000))

    with Watch("pprof", port=0, environment={}, profile_hz=100) as watch:
        worker = threading.Thread(target=work)
        worker.start()
        try:
            told = pprof(peer("go"), tmp_path, "-raw", f"http://127.0.0.1:{watch.port}/debug/pprof/{name}")
        finally:
            busy.set()
            worker.join()
    assert "Samples:" in told
    if name.startswith(("profile", "threads", "heap")):
        assert f"{__name__.rpartition('.')[2]}" in told


def test_the_totals_are_the_processors_own(profile: bytes) -> None:
    """Samples weigh what the kernel's clock says was spent, so their sum is the time that was spent."""
    spent = read(profile).totals()[1] / 1e9
    assert 0.9 * MESSAGES * 0.004 < spent < 1.6 * MESSAGES * 0.004
