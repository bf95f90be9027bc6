"""E-mail against servers that refuse a part of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

import pytest

from watchkeeper.keeper.alerts.groups import Notification
from watchkeeper.keeper.notify.channels.sender import Sender, Voice
from watchkeeper.keeper.notify.channels.settings import Place
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.receivers import sender_of

Notify = Callable[..., Notification]


async def served(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: Mapping[str, bytes], heard: list[str]
) -> None:
    """Answer each command by the first entry that it begins with, else with 250."""
    writer.write(b"220 ready\r\n")
    with suppress(OSError):  # the client hangs up as it likes
        while line := (await reader.readline()).decode().strip():
            heard.append(line)
            found = (answer for start, answer in answers.items() if line.startswith(start))
            writer.write(next(found, b"354 go on\r\n" if line == "DATA" else b"250 fine\r\n"))
            if line == "DATA":
                await reader.readuntil(b"\r\n.\r\n")
                heard.append("the message")
                writer.write(b"250 taken\r\n")
    writer.close()


@asynccontextmanager
async def mail(answers: Mapping[str, bytes], **settings: str) -> AsyncIterator[tuple[Sender, list[str]]]:
    """Yield a sender to a server with these answers, and what the server has heard."""
    heard: list[str] = []
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await served(reader, writer, answers, heard)
        over.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        plain = {
            "to": "ann@x, bob@x",
            "from": "k@x",
            "smarthost": f"127.0.0.1:{port}",
            "require_tls": "false",
        }
        yield sender_of("email", {**plain, **settings}, "r", Place(), Voice()), heard
        await over.wait()


async def test_a_mailbox_that_is_gone_keeps_the_page_from_nobody_else(
    notify: Notify, caplog: pytest.LogCaptureFixture
) -> None:
    """The others get it, and the log says who did not and why."""
    with caplog.at_level(logging.ERROR):
        async with mail({"RCPT TO:<ann@x>": b"550 no such user\r\n"}) as (sender, heard):
            await sender.send(notify(), "key")
    assert "RCPT TO:<bob@x>" in heard and "the message" in heard
    assert "RCPT ann@x: 550 no such user" in caplog.text


async def test_a_page_that_no_mailbox_takes_is_refused(notify: Notify) -> None:
    async with mail({"RCPT": b"550 no such user\r\n"}) as (sender, heard):
        with pytest.raises(ChannelError, match="550") as caught:
            await sender.send(notify(), "key")
    assert not caught.value.retryable and "the message" not in heard


async def test_a_greylist_puts_the_whole_message_off(notify: Notify) -> None:
    """One of two is put off: both get it with the next try, and nobody twice."""
    async with mail({"RCPT TO:<bob@x>": b"451 come back\r\n"}) as (sender, heard):
        with pytest.raises(ChannelError, match="451") as caught:
            await sender.send(notify(), "key")
    assert caught.value.retryable and "the message" not in heard


@pytest.mark.parametrize("challenge", [b"334 abcde\r\n", b"334 \xff\r\n"])
async def test_a_challenge_that_is_none_is_a_fault_of_the_server(notify: Notify, challenge: bytes) -> None:
    """It may be well again with the next try."""
    answers = {"EHLO": b"250-me\r\n250 AUTH CRAM-MD5\r\n", "AUTH": challenge}
    async with mail(answers, auth_username="u", auth_secret="s") as (sender, _):
        with pytest.raises(ChannelError, match="challenge") as caught:
            await sender.send(notify(), "key")
    assert caught.value.retryable
