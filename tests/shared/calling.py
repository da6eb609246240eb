"""A server on this machine to call, and a resolver that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.outgoing import Answer, Letter, Reach, open_client
from shared.outgoing.addresses import Resolver

SANDBOX = Reach(local=True)


def answering(*answers: Sequence[str]) -> Resolver:
    """A resolver that answers another thing each time; the last one from then on."""
    given = list(answers)

    async def run(host: str, port: int) -> Sequence[str]:
        return given.pop(0) if len(given) > 1 else given[0]

    return run


@dataclass
class Server:
    """A plain server on this machine that answers every call with the same bytes."""

    answer: bytes = b"HTTP/1.1 204 No\r\ncontent-length: 0\r\n\r\n"
    endless: bool = False
    port: int = 0
    heads: list[str] = field(default_factory=list)
    sent: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answer)
        try:
            while self.endless and self.sent < 50_000_000:
                writer.write(b"x" * 65_536)
                await writer.drain()
                self.sent += 65_536
            await reader.read()
        except ConnectionError:
            pass
        writer.close()


@asynccontextmanager
async def serving(answer: bytes | None = None, *, endless: bool = False) -> AsyncIterator[Server]:
    found = Server(endless=endless) if answer is None else Server(answer, endless)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found


async def post(url: str, reach: Reach, resolver: Resolver, *, seconds: float = 5.0) -> Answer:
    async with open_client(reach, resolver=resolver, timeout=seconds) as client:
        return await client.post(Letter(url, b"{}", {"content-type": "application/json"}))
