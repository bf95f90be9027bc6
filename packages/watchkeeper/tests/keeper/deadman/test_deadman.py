"""Dead-man's switches: pings that must come, and our own."""

import asyncio
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.keeper.deadman import Beacon, Expectations, Expected, Ping, PingBook, Pinger, read_pings

NIGHTLY = Expected("nightly", every=60, grace=10)


def states(expectations: Expectations, now: float) -> list[str]:
    return [one.state for one in expectations.findings(now)]


def test_a_ping_may_be_late_by_its_grace() -> None:
    """After that it is missing, until the next one."""
    known = Expectations.of([NIGHTLY], 1000.0)
    known.take("nightly", Ping(1100.0))
    assert states(known, 1170.0) == ["healthy"]
    (missing,) = known.findings(1171.0)
    assert (missing.state, missing.reason) == ("unhealthy", "no ping for 71 s (the last 71 s ago)")
    known.take("nightly", Ping(1172.0))
    assert states(known, 1172.0) == ["healthy"]


def test_a_name_that_never_pings_is_missed_from_the_start_on() -> None:
    """A bot that never ran is as silent as one that died."""
    known = Expectations.of([NIGHTLY], 1000.0)
    assert states(known, 1070.0) == ["healthy"]
    assert known.findings(1071.0)[0].reason == "no ping for 71 s (the last never)"


def test_the_time_without_a_keeper_is_no_silence_of_the_bot() -> None:
    """After a restart the bot has its whole time again."""
    known = Expectations.of([NIGHTLY], 5000.0, {"nightly": Ping(1000.0)})
    assert states(known, 5070.0) == ["healthy"]
    assert states(known, 5071.0) == ["unhealthy"]


def test_a_clock_that_is_set_back_hides_no_silence() -> None:
    """An hour back: the bot has its usual time, and not an hour more."""
    known = Expectations.of([NIGHTLY], 5000.0)
    known.take("nightly", Ping(5010.0))
    assert states(known, 1410.0) == ["healthy"]
    assert states(known, 1480.0) == ["healthy"]
    assert states(known, 1481.0) == ["unhealthy"]


def test_a_bot_may_say_that_it_failed() -> None:
    """That is found at once, with its words."""
    known = Expectations.of([NIGHTLY], 0.0)
    known.take("nightly", Ping(10.0, good=False, said="disk full"))
    assert known.findings(11.0)[0].reason == "nightly says that it failed: disk full"


def test_a_ping_that_nobody_expects_is_not_taken() -> None:
    """A misspelt name would otherwise look like a good one."""
    known = Expectations.of([NIGHTLY], 0.0)
    assert known.take("nightyl", Ping(1.0)) is False
    assert known.pings == {}


@given(st.lists(st.floats(0, 1000), max_size=20), st.floats(0, 3000))
def test_it_is_missing_exactly_when_the_last_ping_is_too_old(times: list[float], now: float) -> None:
    """Whatever came before."""
    known = Expectations.of([NIGHTLY], 0.0)
    for at in sorted(times):
        known.take("nightly", Ping(at))
    late = now - max(times, default=0.0) > 70.0
    assert states(known, now) == ["unhealthy" if late else "healthy"]


async def test_pings_outlive_a_restart(tmp_path: Path) -> None:
    """Each is in the file when it has been answered."""
    path = tmp_path / "pings.json"
    book = PingBook(Expectations.of([NIGHTLY], 0.0), path)
    assert await book.take("nightly", Ping(7.0, said="fine"))
    assert read_pings(path) == {"nightly": Ping(7.0, True, "fine")}
    assert not await book.take("other", Ping(8.0))
    assert book.refused == 1


async def test_many_pings_at_once_share_their_writes(tmp_path: Path) -> None:
    """The last one of each name stands in the file."""
    path = tmp_path / "pings.json"
    book = PingBook(Expectations.of([Expected(f"b{n}", 60) for n in range(50)], 0.0), path)
    await asyncio.gather(*(book.take(f"b{n}", Ping(float(n))) for n in range(50)))
    assert {name: ping.at for name, ping in read_pings(path).items()} == {
        f"b{n}": float(n) for n in range(50)
    }


def test_a_damaged_file_of_pings_is_no_reason_not_to_start(tmp_path: Path) -> None:
    """It counts as none."""
    path = tmp_path / "pings.json"
    path.write_text("{")
    assert read_pings(path) == {}


class Elsewhere:
    """A service on loopback that answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.heard: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append(await reader.readuntil(b"\r\n\r\n"))
        if self.answers:
            writer.write(self.answers.pop(0))
        writer.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK"
GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def test_a_ping_elsewhere_says_whether_it_arrived() -> None:
    """An answer of 2xx is an arrival; another one, or none, is a problem that names no secret path."""
    service = Elsewhere()
    server = await asyncio.start_server(service, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pinger = Pinger(Beacon(f"http://127.0.0.1:{port}/ping/secret-id", timeout=5), lambda: "")
    service.answers = [OK, GONE]
    assert await pinger.ping() is True
    assert service.heard[0].startswith(b"GET /ping/secret-id HTTP/1.1")
    assert await pinger.ping() is False
    assert pinger.problem == "it answered 404"
    assert await pinger.ping() is False  # it hangs up without a word
    assert "secret-id" not in pinger.problem
    assert (pinger.sent, pinger.failed) == (1, 2)
    server.close()
    await server.wait_closed()


async def test_a_keeper_that_does_not_keep_watch_does_not_ping() -> None:
    """Or the service elsewhere would believe that all is well."""
    pinger = Pinger(Beacon("http://127.0.0.1:9/x"), lambda: "no round for 30 s")
    assert await pinger.ping() is False
    assert pinger.check().reason == "http://127.0.0.1:9: no round for 30 s"
