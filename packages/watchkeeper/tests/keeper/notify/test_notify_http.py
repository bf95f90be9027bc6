"""The HTTP client of channels: TLS that is checked, proxies, authentication, answers of any kind."""

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from watchkeeper.keeper.notify.channels.settings import HttpConfig, Place, pass_of, read, wire_of
from watchkeeper.keeper.notify.errors import ChannelError
from watchkeeper.keeper.notify.http import Request, Wire

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Kind: plain\r\n\r\nok"


@asynccontextmanager
async def server(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answer every request with the same bytes; yield the port and the heads that came."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        except (OSError, EOFError):
            pass  # the client hung up
        finally:
            writer.close()

    opened = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with opened:
        yield opened.sockets[0].getsockname()[1], heads


def certificate(folder: Path) -> ssl.SSLContext:
    """Return a server's context with a certificate of its own, written to `ca.pem`, too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    signed = builder.sign(key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    bare = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(bare)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


def request(url: str, *headers: tuple[str, str]) -> Request:
    return Request("POST", url, headers, b"{}")


def wire(folder: Path, **config: object) -> Wire:
    return wire_of(read(HttpConfig, config, "http_config"), "r", Place(folder))


async def test_a_certificate_that_is_known_is_accepted_and_another_is_not(tmp_path: Path) -> None:
    """By its ca_file; without it nothing is sent; insecure_skip_verify is the user's own choice."""
    async with server(OK, certificate(tmp_path)) as (port, heads):
        url = f"https://127.0.0.1:{port}/x"
        known = wire(tmp_path, tls_config={"ca_file": "ca.pem"})
        assert (await known.exchange(request(url))).text == "ok"
        with pytest.raises(ChannelError, match="certificate verify failed") as caught:
            await Wire().exchange(request(url))
        assert caught.value.retryable and len(heads) == 1
        careless = wire(tmp_path, tls_config={"insecure_skip_verify": "true"})
        assert (await careless.exchange(request(url))).status == 200


async def test_a_server_that_speaks_too_old_a_tls_gets_nothing(tmp_path: Path) -> None:
    """min_version is kept, and a server that can do more is reached."""
    context = certificate(tmp_path)
    async with server(OK, context) as (port, _):
        strict = wire(tmp_path, tls_config={"ca_file": "ca.pem", "min_version": "TLS13"})
        assert (await strict.exchange(request(f"https://127.0.0.1:{port}/"))).status == 200
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with server(OK, context) as (port, heads):
        with pytest.raises(ChannelError, match="cannot connect"):
            await strict.exchange(request(f"https://127.0.0.1:{port}/"))
    assert heads == []


async def test_a_proxy_carries_plain_requests_and_refuses_as_it_likes(tmp_path: Path) -> None:
    """The whole URL goes to the proxy; for TLS it is asked for a way through."""
    async with server(OK) as (port, heads):
        proxied = wire(tmp_path, proxy_url=f"http://127.0.0.1:{port}")
        await proxied.exchange(request("http://chat.example/hook?a=1"))
        assert heads[0].startswith(b"POST http://chat.example/hook?a=1 HTTP/1.1\r\nHost: chat.example\r\n")
    async with server(b"HTTP/1.1 403 Forbidden\r\n\r\n") as (port, heads):
        proxied = wire(tmp_path, proxy_url=f"http://u:p@127.0.0.1:{port}")
        with pytest.raises(ChannelError, match="403"):
            await proxied.exchange(request("https://chat.example/hook"))
        assert (
            heads[0].startswith(b"CONNECT chat.example:443")
            and b"Proxy-Authorization: Basic dTpw" in heads[0]
        )


async def test_a_proxy_is_left_out_for_hosts_that_need_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by no_proxy; or all of it by the environment, whose proxy is then the one that is used."""
    async with server(OK) as (port, heads), server(OK) as (proxy, proxied):
        direct = wire(tmp_path, proxy_url=f"http://127.0.0.1:{proxy}", no_proxy="127.0.0.1,example.org")
        await direct.exchange(request(f"http://127.0.0.1:{port}/x"))
        assert (len(heads), len(proxied)) == (1, 0)
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        shared = wire(tmp_path, proxy_from_environment="true")
        await shared.exchange(request(f"http://127.0.0.1:{port}/x"))
        await shared.exchange(request("http://chat.example/x"))
        assert (len(heads), len(proxied)) == (2, 1)


@pytest.mark.parametrize("status", [307, 308])
async def test_a_message_follows_where_it_is_sent_on_to(tmp_path: Path, status: int) -> None:
    """As it was, yet without passwords to another host; not where the user wants none of it."""
    async with server(OK) as (port, heads):
        onward = (
            f"HTTP/1.1 {status} Moved\r\nLocation: http://127.0.0.1:{port}/new\r\nContent-Length: 0\r\n\r\n"
        )
        async with server(onward.encode()) as (first, _):
            asked = request(f"http://127.0.0.1:{first}/old", ("Authorization", "Bearer geheim"))
            assert (await Wire().exchange(asked)).status == 200
            assert heads[0].startswith(b"POST /new HTTP/1.1") and b"geheim" not in heads[0]
            unfollowed = wire(tmp_path, follow_redirects="false")
            assert (await unfollowed.exchange(asked)).status == status
    assert len(heads) == 1


@pytest.mark.parametrize(
    "answer", [b"302 Found\r\nLocation: /y", b"307 Odd\r\nLocation: ftp://x", b"308 Odd"]
)
async def test_a_message_is_not_sent_on_where_it_would_be_another(answer: bytes) -> None:
    """A 302 makes a GET of it, which nobody should take for a page that was told."""
    async with server(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n") as (port, heads):
        found = await Wire().exchange(request(f"http://127.0.0.1:{port}/x"))
    assert found.status == int(answer[:3]) and len(heads) == 1


async def test_a_circle_of_redirects_ends() -> None:
    """It may be mended, so it is tried again."""
    circle = b"HTTP/1.1 308 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    async with server(circle) as (port, heads):
        with pytest.raises(ChannelError, match="circle") as caught:
            await Wire().exchange(request(f"http://127.0.0.1:{port}/x"))
    assert caught.value.retryable and len(heads) == 10


@pytest.mark.parametrize(
    ("config", "header"),
    [
        ({"basic_auth": {"username": "u", "password_file": "secret"}}, b"Authorization: Basic dTpnZWhlaW0="),
        ({"authorization": {"credentials_file": "secret"}}, b"Authorization: Bearer geheim"),
        ({"authorization": {"type": "Token", "credentials": "x"}}, b"Authorization: Token x"),
        ({"bearer_token_file": "secret"}, b"Authorization: Bearer geheim"),
        ({"http_headers": {"X-Team": {"values": ["ops"]}}}, b"X-Team: ops"),
    ],
)
async def test_requests_say_who_we_are(tmp_path: Path, config: dict[str, object], header: bytes) -> None:
    """Each of Alertmanager's ways of http_config, the secret from a file."""
    (tmp_path / "secret").write_text("geheim\n")
    access = pass_of(read(HttpConfig, config, "http_config"), "r", Place(tmp_path))
    async with server(OK) as (port, heads):
        await Wire().exchange(request(f"http://127.0.0.1:{port}/", *access.headers()))
    assert header in heads[0]


async def test_user_and_password_of_a_url_are_not_sent_as_part_of_it() -> None:
    """They become basic authentication, as in every client."""
    async with server(OK) as (port, heads):
        await Wire().exchange(request(f"http://u:geheim@127.0.0.1:{port}/x"))
    assert b"geheim" not in heads[0] and b"Authorization: Basic dTpnZWhlaW0=" in heads[0]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_an_answer_that_is_none_is_to_be_tried_again(answer: bytes) -> None:
    """Broken off, cut short, another protocol: nobody knows whether it was taken."""
    async with server(answer) as (port, _):
        with pytest.raises(ChannelError) as caught:
            await Wire().exchange(request(f"http://127.0.0.1:{port}/secret-path"))
    assert caught.value.retryable and caught.value.reason == "connection"
    assert "secret-path" not in str(caught.value)


async def test_a_long_answer_is_cut() -> None:
    """A channel cannot fill the keeper's memory with its answer."""
    body = b"x" * (1 << 20)
    async with server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as (port, _):
        answer = await Wire().exchange(request(f"http://127.0.0.1:{port}/"))
    assert len(answer.body) == 1 << 18


async def test_a_secret_that_is_no_header_is_refused_without_being_told() -> None:
    """A token with a line break would begin a header of its own."""
    async with server(OK) as (port, heads):
        with pytest.raises(ChannelError) as caught:
            await Wire().exchange(request(f"http://127.0.0.1:{port}/", ("Authorization", "Bearer ge\nheim")))
    assert not caught.value.retryable and "heim" not in str(caught.value) and heads == []


async def test_nobody_there_is_to_be_tried_again() -> None:
    """A refused connection, a name that does not exist, a port that is none."""
    with pytest.raises(ChannelError, match=r"cannot connect to 127\.0\.0\.1:1") as caught:
        await Wire().exchange(request("http://127.0.0.1:1/x"))
    assert caught.value.retryable
