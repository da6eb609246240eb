"""A receiver as bad as they come, by seed, with a ledger of its own."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

LENGTH = "content-length"
# What it does with a call, and how many in a hundred it does it with.
MANNERS = {
    "accepts": 60,
    "fails": 14,
    "drops": 7,
    "accepts and drops": 5,
    "asks for time": 6,
    "is away for a while": 5,
    "moves": 2,
    "hangs": 1,
}
ANSWERS = {
    "accepts": "204 No Content",
    "fails": "500 Internal Server Error",
    "asks for time": "429 Too Many Requests\r\nretry-after: 90",
    "is away for a while": "503 Service Unavailable\r\nretry-after: 30",
    "moves": "302 Found\r\nlocation: http://127.0.0.1:9/",
    "is gone": "410 Gone",
}


@dataclass(frozen=True)
class Arrival:
    path: str
    webhook_id: str
    body: bytes
    manner: str

    @property
    def seq(self) -> int:
        return int(self.webhook_id.rpartition("-")[2])

    @property
    def ticket(self) -> str:
        return str(orjson.loads(self.body)["data"]["no"])

    @property
    def is_taken(self) -> bool:
        return self.manner.startswith("accepts")


@dataclass
class BadReceiver:
    """`heard` in the order of arrival; a call is in there before it is answered.

    `gone_at`: the calls that it answers with 410, whatever they say.
    """

    seed: int
    gone_at: tuple[int, ...]
    port: int = 0
    heard: list[Arrival] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    calling: int = 0
    waited_for: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def wait_for(self, arrivals: int) -> asyncio.Event:
        """Set as soon as so many calls have come."""
        self.waited_for = arrivals
        return self.reached

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
            }
            body = await reader.readexactly(int(headers[LENGTH]))
            manner = self._take(first.split(" ")[1], headers["webhook-id"], body)
            if manner == "hangs":
                await reader.read()  # until the caller gives up
            elif manner in ANSWERS:
                answer = f"HTTP/1.1 {ANSWERS[manner]}\r\n{LENGTH}: 0\r\n\r\n"
                writer.write(answer.encode())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    def _take(self, path: str, webhook_id: str, body: bytes) -> str:
        self.tries[path + webhook_id] += 1
        drawn = random.Random(f"{self.seed} {path} {webhook_id} {self.tries[path + webhook_id]}")
        (manner,) = drawn.choices([*MANNERS], [*MANNERS.values()])
        if len(self.heard) in self.gone_at:
            manner = "is gone"
        self.heard.append(Arrival(path, webhook_id, body, manner))
        if self.waited_for and len(self.heard) >= self.waited_for:
            self.reached.set()
        return manner


@asynccontextmanager
async def receiving_badly(seed: int, *, gone_at: tuple[int, ...]) -> AsyncIterator[BadReceiver]:
    receiver = BadReceiver(seed, gone_at)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
