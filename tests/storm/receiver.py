"""The platforms' own receiver: hears our callbacks, keeps them, and fails by seed."""

import asyncio
import base64
import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from tests.storm.plan import SOURCES

MOST_TRIES = 2  # of one callback that fail by seed; what else goes wrong comes on top
HANGS_SECONDS = 30.0
UNIT_SYSTEM = "unit-system"
MAY_BE_GONE = (SOURCES[1], UNIT_SYSTEM)


@dataclass(frozen=True, slots=True)
class Told:
    """One call that came: its id, the ticket and what it said of it, and how it was answered.

    `name` is the platform's own number or, to a unit, ours; `word` the new state or, to a unit,
    the event's type; `status` 0 is no answer at all.
    """

    receiver: str
    message_id: str
    name: str
    word: str
    status: int


@dataclass
class Receiver:
    """`hangs`, `gones`: so many calls are never answered, or with 410, after which nobody calls
    until `on_gone` has had the source registered anew. `faults` counts what it did by seed.
    """

    seed: int
    secrets: dict[str, str]
    hangs: int
    gones: int
    on_gone: Callable[[str], None] = lambda _: None
    told: list[Told] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, bytes] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    url: str = ""
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer_one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        pairs = [line.partition(":") for line in lines if line]
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        status = self._hear(first.split(" ")[1].strip("/"), headers, body)
        if status == 0:
            await asyncio.wait_for(reader.read(1), HANGS_SECONDS)
            return False
        more = "retry-after: 2\r\n" if status == 429 else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{more}content-length: 0\r\n\r\n".encode())
        await writer.drain()
        return True

    def _hear(self, receiver: str, headers: Mapping[str, str], body: bytes) -> int:
        message_id = f"{receiver}/{headers['webhook-id']}"
        if not self._is_signed(receiver, headers, body):
            self.odd.append(f"{message_id}: bad signature")
        if self.bodies.setdefault(message_id, body) != body:
            self.odd.append(f"{message_id}: other bytes under the same id")
        self.tries[message_id] += 1
        status = self._choose(receiver, message_id)
        message = orjson.loads(body)
        data = message["data"]
        name, word = data.get("upstream_no"), data["state"]
        if receiver == UNIT_SYSTEM:
            name, word = data["no"], message["type"]
        self.told.append(Told(receiver, message_id, name, word, status))
        return status

    def _choose(self, receiver: str, message_id: str) -> int:
        """The status, 0 for no answer at all."""
        if self.tries[message_id] > MOST_TRIES:
            return 204
        chance = random.Random(f"{self.seed}:{message_id}:{self.tries[message_id]}").random()
        if chance < 0.03:
            return self._fail("503", 503)
        if chance < 0.04:
            return self._fail("429", 429)
        if chance < 0.06 and self.hangs:
            self.hangs -= 1
            return self._fail("hang", 0)
        if chance < 0.09 and self.gones and receiver in MAY_BE_GONE:
            self.gones -= 1
            self.on_gone(receiver)
            return self._fail("410", 410)
        return 204

    def _fail(self, name: str, status: int) -> int:
        self.faults[name] += 1
        return status

    def _is_signed(self, receiver: str, headers: Mapping[str, str], body: bytes) -> bool:
        key = base64.b64decode(self.secrets[receiver].removeprefix("whsec_"))
        head = f"{headers['webhook-id']}.{headers['webhook-timestamp']}."
        digest = hmac.digest(key, head.encode() + body, hashlib.sha256)
        wanted = "v1," + base64.b64encode(digest).decode()
        return wanted in headers["webhook-signature"].split()
