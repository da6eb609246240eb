"""Platforms that push and a desk that answers, over the sample organisation."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.factories import Desk, SetClock
from tests.platform import Platform

MORNING = "2026-11-18T09:30:00+08:00"
Drain = Callable[[], Awaitable[int]]


@dataclass
class Hall:
    """The city's platform, the desk, and the workers' work done at once."""

    city: Platform
    desk: Desk
    drain: Drain

    async def receive(self, upstream_no: str, **changed: Any) -> str:
        """Pushed and taken in; answers our number."""
        pushed = await self.city.create(upstream_no, **changed)
        assert pushed.status_code == 202, pushed.text
        await self.drain()
        return str((await self.city.receipt(pushed))["ticket_no"])

    async def ticket(self, no: str, who: str = "desk") -> dict[str, Any]:
        answer = await self.desk.get(who, f"/v1/tickets/{no}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def events(self, no: str, kind: str) -> list[dict[str, Any]]:
        answer = await self.desk.get("desk", f"/v1/tickets/{no}/events")
        return [one["data"] for one in answer.json()["items"] if one["type"] == f"ticket.{kind}"]

    async def matter(self, name: str, who: str = "desk") -> Response:
        return await self.desk.get(who, f"/v1/matters/{name}")

    async def write(self, who: str, name: str, action: str, /, **body: Any) -> Response:
        headers = {
            "Authorization": f"Bearer {self.desk.keys[who]}",
            "Idempotency-Key": f"matter-{self.desk.calls()}",
            **body.pop("headers", {}),
        }
        path = f"/v1/matters/{name}/{action}"
        return await self.desk.client.post(path, json=body, headers=headers)


@pytest.fixture
def city(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "city-12345", secrets["city-12345"])


@pytest.fixture
async def hall(
    city: Platform, dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock, drain: Drain
) -> Hall:
    await set_clock(MORNING)
    return Hall(city, Desk(dispatch, keys), drain)


def caller(serial: int) -> dict[str, str]:
    """A citizen of their own name and number; fictitious."""
    return {"name": f"王{'一二三四五六七八九'[serial % 9]}", "phone": f"1390000{serial:04d}"}
