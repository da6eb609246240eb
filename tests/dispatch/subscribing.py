"""Dealings with subscriptions, and what is owed to them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from httpx import Response
from sqlalchemy import text

from shared.tickets import Hotline
from tests.conftest import BUREAU
from tests.factories import Desk
from tests.intake.receiver import Receiver

UNIT, OTHER = "sanitation-section", "greening-section"
STEPS = ("ticket.dispatched", "ticket.accepted")
OWED = text(
    "SELECT attempts, deferrals, next_try_at, parked_at FROM deliveries"
    " WHERE subscriber LIKE 'subscription:%' ORDER BY stream_id, seq"
)
Call = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Owner:
    """One key's dealings with subscriptions."""

    desk: Desk
    who: str

    async def send(self, method: str, path: str, body: Any = None, *, key: str = "") -> Response:
        headers = {
            "Authorization": f"Bearer {self.desk.keys[self.who]}",
            "Idempotency-Key": key or f"sub-{self.desk.calls()}",
        }
        content = b"" if body is None else orjson.dumps(body)
        path = f"/v1/subscriptions{path}"
        return await self.desk.client.request(method, path, content=content, headers=headers)

    async def subscribe(self, url: str, *types: str) -> dict[str, Any]:
        answer = await self.send("POST", "", {"url": url, "types": list(types)})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def calls(self, subscription: str, query: str = "") -> list[dict[str, Any]]:
        answer = await self.send("GET", f"/{subscription}/deliveries{query}")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


async def owed(hotline: Hotline) -> list[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return list(await tx.rows(OWED))


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """Type and state of each call, taken or not, in the order they came."""
    return [(orjson.loads(one.body)["type"], one.data["state"]) for one in receiver.heard]
