"""The desk's screen: follows the feed of events by its cursor, and keeps each entry's id."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests.storm.calls import Door

PAGE = 500
IDLE_SECONDS = 0.05
Heard = Callable[[str, str], None]


@dataclass
class Follower:
    """`heard` is told of every new ticket: its upstream number, then ours."""

    door: Door
    key: str
    heard: Heard
    cursor: str | None = None
    ids: Counter[str] = field(default_factory=Counter)
    entries: list[tuple[str, str]] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    is_at_end: bool = False

    async def follow(self) -> None:
        while True:
            if await self.read_page() == 0:
                await asyncio.sleep(IDLE_SECONDS)

    async def read_page(self) -> int:
        """How many entries it held. A page without an answer is asked for again."""
        after = f"&after={self.cursor}" if self.cursor else ""
        path = f"/v1/events?limit={PAGE}{after}"
        answer = await self.door.call("GET", path, {"authorization": f"Bearer {self.key}"})
        if answer is None or answer.status != 200:
            if answer is not None and answer.status != 503:
                self.odd.append(f"feed: {answer.status} {answer.body[:200]!r}")
            return 0
        page: Any = orjson.loads(answer.body)
        for item in page["items"]:
            self._take(item)
        self.cursor = page["next_cursor"]
        self.is_at_end = not page["items"]
        return len(page["items"])

    def _take(self, item: Any) -> None:
        self.ids[item["id"]] += 1
        self.entries.append((item["subject"], item["id"]))
        if item["type"] == "ticket.received" and self.ids[item["id"]] == 1:
            self.heard(item["data"]["upstream_no"], item["subject"])
