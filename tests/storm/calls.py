"""Calls over kept-alive connections that know which of them are still without an answer."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length: "
NO_ANSWER = (OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class _Connection(asyncio.Protocol):
    """One connection, one call at a time. Answers must carry `content-length`."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.is_lost = False
        self._answer: asyncio.Future[Answer] | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def send(self, request: bytes) -> "asyncio.Future[Answer]":
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(END_OF_HEAD)
        if end < 0:
            return
        head = bytes(self._received[: end + 2]).lower()
        start = head.find(LENGTH)
        length = int(head[start + len(LENGTH) : head.index(b"\r\n", start + 2)]) if start > 0 else 0
        needed = end + len(END_OF_HEAD) + length
        if len(self._received) >= needed and self._answer and not self._answer.done():
            body = bytes(self._received[end + len(END_OF_HEAD) : needed])
            answer = Answer(int(self._received[9:12]), body)
            self._received.clear()
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the connection was closed"))


class Door:
    """The way to one service. `open` counts the calls that have no answer yet."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._idle: list[_Connection] = []
        self.open = 0
        self.answered = 0
        self.unanswered = 0
        self.statuses: dict[int, int] = {}

    async def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        body: bytes = b"",
        patience: float = 15.0,
    ) -> Answer | None:
        """None where no answer came: whether it took place is not known."""
        lines = [f"{method} {path} HTTP/1.1", f"host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines.append(f"content-length: {len(body)}\r\n\r\n")
        request = "\r\n".join(lines).encode() + body
        self.open += 1
        try:
            async with asyncio.timeout(patience):
                answer = await self._exchange(request)
        except NO_ANSWER:
            self.unanswered += 1
            return None
        finally:
            self.open -= 1
        self.answered += 1
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        return answer

    async def _exchange(self, request: bytes) -> Answer:
        connection = self._find_idle() or await self._connect()
        try:
            answer = await connection.send(request)
        except BaseException:
            connection.transport.abort()
            raise
        self._idle.append(connection)
        return answer

    def _find_idle(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_lost:
                return connection
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(_Connection, self._host, self._port)
        return connection

    def close(self) -> None:
        for connection in self._idle:
            connection.transport.abort()
        self._idle.clear()
