"""The platforms' own receiver: hears our callbacks, keeps them, and fails by seed."""

import asyncio
import base64
import hashlib
import hmac
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

MOST_TRIES = 2  # of one callback that fail by seed; what else goes wrong comes on top
HANGS_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Told:
    """One call that came: its id, what it said, and how it was answered (0: not at all)."""

    source: str
    message_id: str
    upstream_no: str
    state: str
    status: int


@dataclass
class Receiver:
    """`hangs`: so many calls are never answered. `faults` counts what it did by seed."""

    seed: int
    secrets: Mapping[str, str]
    hangs: int
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

    def _hear(self, source: str, headers: Mapping[str, str], body: bytes) -> int:
        message_id = headers["webhook-id"]
        if not self._is_signed(source, headers, body):
            self.odd.append(f"{message_id}: bad signature")
        if self.bodies.setdefault(message_id, body) != body:
            self.odd.append(f"{message_id}: other bytes under the same id")
        self.tries[message_id] += 1
        status = self._choose(message_id)
        data = orjson.loads(body)["data"]
        self.told.append(Told(source, message_id, data["upstream_no"], data["state"], status))
        return status

    def _choose(self, message_id: str) -> int:
        if self.tries[message_id] > MOST_TRIES:
            return 204
        chance = random.Random(f"{self.seed}:{message_id}:{self.tries[message_id]}").random()
        if self.hangs and chance < 0.05 and chance > 0.04:
            self.hangs -= 1
            self.faults["hang"] += 1
            return 0
        if chance < 0.03:
            self.faults["fail"] += 1
            return 503
        if chance < 0.04:
            self.faults["busy"] += 1
            return 429
        return 204

    def _is_signed(self, source: str, headers: Mapping[str, str], body: bytes) -> bool:
        key = base64.b64decode(self.secrets[source].removeprefix("whsec_"))
        head = f"{headers['webhook-id']}.{headers['webhook-timestamp']}."
        digest = hmac.digest(key, head.encode() + body, hashlib.sha256)
        wanted = "v1," + base64.b64encode(digest).decode()
        return wanted in headers["webhook-signature"].split()
