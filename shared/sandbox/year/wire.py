"""HTTP/1.1 over kept-alive connections, with no more in it than a driver of many calls needs.

A general client costs about a millisecond of CPU a call, this one a tenth of it. It speaks only to
our own services: answers must carry `content-length`. A call is sent again, once, when a connection
that had been idle is closed under it, so every write must be safe to repeat.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length: "


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class _Connection(asyncio.Protocol):
    """One connection, one call at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.is_lost = False
        self._answer: asyncio.Future[Answer] | None = None
        self._received = bytearray()
        self._head_end = -1
        self._needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> asyncio.Future[Answer]:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._head_end < 0:
            self._head_end = self._received.find(END_OF_HEAD)
            if self._head_end < 0:
                return
            head = bytes(self._received[: self._head_end + 2]).lower()
            start = head.find(LENGTH)
            if start < 0:
                self._fail(ConnectionError("the answer names no content-length"))
                return
            length = int(head[start + len(LENGTH) : head.index(b"\r\n", start + 2)])
            self._needed = self._head_end + len(END_OF_HEAD) + length
        if len(self._received) >= self._needed and self._answer and not self._answer.done():
            status = int(self._received[9:12])
            body = bytes(self._received[self._head_end + len(END_OF_HEAD) : self._needed])
            self._received.clear()
            self._head_end = -1
            self._answer.set_result(Answer(status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(ConnectionResetError("the connection was closed"))

    def _fail(self, error: ConnectionError) -> None:
        self.is_lost = True
        self.transport.close()
        if self._answer and not self._answer.done():
            self._answer.set_exception(error)


class Wire:
    """The way to one service: a few connections, shared by all that call it."""

    def __init__(self, url: str, *, connections: int) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._places = asyncio.Semaphore(connections)
        self._idle: list[_Connection] = []

    async def call(
        self, method: str, path: str, headers: Mapping[str, str], *, body: bytes = b""
    ) -> Answer:
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines.append(f"content-length: {len(body)}\r\n\r\n")
        request = "\r\n".join(lines).encode() + body
        async with self._places:
            while self._idle:
                connection = self._idle.pop()
                if connection.is_lost:
                    continue
                try:
                    return await self._exchange(connection, request)
                except ConnectionResetError:
                    break
            return await self._exchange(await self._connect(), request)

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection

    async def _exchange(self, connection: _Connection, request: bytes) -> Answer:
        answer = await connection.send(request)
        if not connection.is_lost:
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        for connection in self._idle:
            connection.transport.close()
        self._idle.clear()
