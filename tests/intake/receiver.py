"""A platform's own server on this machine, which hears our callbacks and answers as it is told."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

LENGTH = "content-length"
Answer = Callable[["Heard"], int]


@dataclass(frozen=True)
class Heard:
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)["data"]
        return found

    def is_signed_with(self, secret: str) -> bool:
        """As Standard Webhooks tells a receiver to check it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        head = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}."
        digest = hmac.digest(key, head.encode() + self.body, hashlib.sha256)
        wanted = "v1," + base64.b64encode(digest).decode()
        return wanted in self.headers["webhook-signature"].split()


@dataclass
class Receiver:
    """`answer` gives the status of each call; `drips` sends a body that never ends."""

    answer: Answer
    drips: bool = False
    url: str = ""
    heard: list[Heard] = field(default_factory=list)

    def told(self, upstream_no: str) -> list[str]:
        """The states told of one ticket, accepted or not, in the order they came."""
        return [one.data["state"] for one in self.heard if one.data["upstream_no"] == upstream_no]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        call = Heard(headers, await reader.readexactly(int(headers[LENGTH])))
        self.heard.append(call)
        length = "1000000000" if self.drips else "0"
        writer.write(f"HTTP/1.1 {self.answer(call)} X\r\n{LENGTH}: {length}\r\n\r\n".encode())
        if not self.drips:
            with suppress(OSError):  # whoever called may have hung up already
                writer.write_eof()
        await reader.read()  # until the caller hangs up
        writer.close()


@asynccontextmanager
async def receiving(
    answer: Answer = lambda _: 204, *, drips: bool = False
) -> AsyncIterator[Receiver]:
    receiver = Receiver(answer, drips)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hear"
    async with server:
        yield receiver
