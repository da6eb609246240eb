"""Sends requests made beforehand over some connections, one request at a time on each."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import uvloop


@dataclass(frozen=True, slots=True)
class Sent:
    """`latencies` in seconds, ascending."""

    wall: float
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.wall

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))] * 1000


class _Lane(asyncio.Protocol):
    """Every answer must be 202. Its body is one JSON object with none inside."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float]) -> None:
        self._requests = requests
        self._latencies = latencies
        self._sent_at = 0.0
        self._received = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"}"):
            return
        if not self._received.startswith(b"HTTP/1.1 202 "):
            self.done.set_exception(AssertionError(self._received.decode()))
            self._transport.close()
            return
        self._received = b""
        self._latencies.append(time.perf_counter() - self._sent_at)
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the connection was closed"))


def send_all(address: str, requests: Sequence[bytes], connections: int) -> Sent:
    """Connections are open before the clock runs."""
    return uvloop.run(_send_all(address, iter(requests), connections))


async def _send_all(address: str, requests: Iterator[bytes], connections: int) -> Sent:
    host, port = address.removeprefix("http://").split(":")
    loop, latencies = asyncio.get_running_loop(), list[float]()
    lanes = []
    for _ in range(connections):
        _, lane = await loop.create_connection(lambda: _Lane(requests, latencies), host, int(port))
        lanes.append(lane)
    began = time.perf_counter()
    for lane in lanes:
        lane.send_next()
    await asyncio.gather(*(lane.done for lane in lanes))
    return Sent(time.perf_counter() - began, sorted(latencies))
