"""Bytes that two readers of HTTP would cut into requests differently, or that never end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from services.dispatch.app import create_app
from shared.settings import Settings
from shared.web import bodies, wire
from shared.web.wire import BoundedProtocol

CLOSE = b"Connection: close\r\n"
HEAD = b"POST /v1/emergency HTTP/1.1\r\nHost: minhu.test\r\n"
SMUGGLED = b"GET /livez HTTP/1.1\r\nHost: minhu.test\r\n\r\n"
ANSWER_SECONDS = 20.0


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[int]:
    """The dispatch service on a socket of its own, as `minhu serve` runs it."""
    config = uvicorn.Config(
        create_app(settings),
        port=0,
        http=BoundedProtocol,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve(None))
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def port(settings: Settings) -> AsyncIterator[int]:
    async with listening(settings) as found:
        yield found


async def say(port: int, *parts: bytes, ends: bool = True) -> bytes:
    """All that is answered until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if ends:
            writer.write_eof()
        async with asyncio.timeout(ANSWER_SECONDS):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def answered(said: bytes) -> list[int]:
    """The status of each answer on the connection."""
    return [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]]


async def test_smuggling_a_length_beside_chunks_is_refused_and_what_follows_not_read(
    port: int,
) -> None:
    chunked = b"Transfer-Encoding: chunked\r\n"
    shapes = {
        "length and chunks": HEAD + b"Content-Length: 5\r\n" + chunked + b"\r\n0\r\n\r\n",
        "chunks and length": HEAD + chunked + b"Content-Length: 60\r\n\r\n0\r\n\r\n",
        "two lengths": HEAD + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
        "a list of lengths": HEAD + b"Content-Length: 0, 44\r\n\r\n",
        "signed length": HEAD + b"Content-Length: +0\r\n\r\n",
        "negative length": HEAD + b"Content-Length: -1\r\n\r\n",
        "hexadecimal length": HEAD + b"Content-Length: 0x0\r\n\r\n",
        "length beyond counting": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
        "folded header": HEAD + b"Content-Length: 0\r\n Transfer-Encoding: chunked\r\n\r\n",
        "blank before the colon": HEAD + b"Content-Length : 0\r\n\r\n",
        "bare line feeds": b"POST / HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n0\n\n",
        "unknown coding": HEAD + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "chunk size with a sign": HEAD + chunked + b"\r\n+0\r\n\r\n",
        "chunk size beyond counting": HEAD + chunked + b"\r\n" + b"F" * 20 + b"\r\n",
        "version of nobody": b"GET /livez HTTP/9.9\r\nHost: x\r\n\r\n",
    }
    for name, shape in shapes.items():
        statuses = answered(await say(port, shape + SMUGGLED))
        assert 200 not in statuses, (name, statuses)
        assert len(statuses) <= 1, (name, statuses)


async def test_pipelining_requests_are_answered_one_by_one_in_their_order(port: int) -> None:
    two = b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /livez HTTP/1.1\r\nHost: x\r\n"

    assert answered(await say(port, two + CLOSE + b"\r\n")) == [404, 200]


async def test_head_of_a_megabyte_is_refused_before_it_is_kept(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, not when patience ends."""
    monkeypatch.setattr(wire, "HEAD_SECONDS", 10 * ANSWER_SECONDS)
    filler = b"x" * 60_000
    ordinary = b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: " + b"y" * 8_000 + b"\r\n" + CLOSE + b"\r\n"

    one = await say(port, b"GET /livez HTTP/1.1\r\nX-A: ", *[filler] * 18, ends=False)
    many = await say(port, b"GET /livez HTTP/1.1\r\n", *[b"A: b\r\n" * 10_000] * 18, ends=False)
    path = await say(port, b"GET /", *[filler] * 18, ends=False)

    for said in (one, many, path):
        assert answered(said) in ([431], [])
    assert answered(await say(port, ordinary)) == [200]


async def test_slow_head_is_given_up(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither silence nor one byte after another keeps a connection."""
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.2)

    assert await say(port, ends=False) == b""
    assert await say(port, b"GET /livez HTTP/1.1\r\nHost: x\r\n", ends=False) == b""
    again = await say(port, SMUGGLED + b"GET /livez HTTP/1.1\r\n", ends=False)
    assert answered(again) == [200]


async def test_slow_body_is_given_up(
    port: int, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_SECONDS", 0.2)
    bearer = f"Authorization: Bearer {keys['leader']}\r\nIdempotency-Key: slow\r\n".encode()
    head = b"PUT /v1/emergency HTTP/1.1\r\nHost: x\r\n" + bearer + CLOSE

    said = await say(port, head + b"Content-Length: 100\r\n\r\n{", ends=False)
    dripped = await say(port, head + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", ends=False)

    for one in (said, dripped):
        assert answered(one) == [408]
        assert b"/problems/too-slow" in one
