"""A platform's own server on this machine: its lists by day, and what it is asked to push again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import orjson

from tests.intake.receiver import Heard

PAGE = 2


@dataclass(frozen=True)
class Asked:
    method: str
    query: dict[str, str]
    heard: Heard


@dataclass
class Lister:
    """`lists`: the tickets of each day; `answer` gives another status than 200; in small pages."""

    lists: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    answer: Callable[[Asked], int] = lambda _: 200
    base: str = ""
    asked: list[Asked] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    @property
    def list_url(self) -> str:
        return f"{self.base}/list?kind=tickets"

    @property
    def request_url(self) -> str:
        return f"{self.base}/again"

    def days(self) -> list[str]:
        """Of the lists asked for, page one alone."""
        lists = [one for one in self.asked if one.method == "GET" and "cursor" not in one.query]
        return [one.query["day"] for one in lists]

    def numbers(self) -> list[str]:
        return [
            orjson.loads(one.heard.body)["upstream_no"]
            for one in self.asked
            if one.method == "POST"
        ]

    def page(self, query: dict[str, str]) -> bytes:
        tickets = self.lists.get(query["day"], [])
        at = int(query.get("cursor", 0))
        following = str(at + PAGE) if at + PAGE < len(tickets) else None
        return orjson.dumps(
            {"day": query["day"], "tickets": tickets[at : at + PAGE], "next_cursor": following}
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, _ = head.split(" ", 2)
        lines = [line.partition(":") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        query = dict(parse_qsl(urlsplit(target).query))
        call = Asked(method, query, Heard(headers, body))
        self.asked.append(call)
        self.called.set()
        await self.gate.wait()
        status = self.answer(call)
        sent = self.page(query) if method == "GET" and status == 200 else b""
        head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(sent)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + sent)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listing() -> AsyncIterator[Lister]:
    lister = Lister()
    server = await asyncio.start_server(lister.serve, "127.0.0.1", 0)
    lister.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield lister
