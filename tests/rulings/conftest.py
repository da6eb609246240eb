"""The desk and both platforms of the sample organisation, at half past nine on a Wednesday."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.factories import Desk, SetClock
from tests.platform import Platform

Drain = Callable[[], Awaitable[int]]


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock) -> Desk:
    await set_clock("2026-11-18T09:30:00+08:00")
    return Desk(dispatch, keys)


@dataclass
class City:
    """The city's platform; every message is applied before it answers."""

    platform: Platform
    drain: Drain

    async def say(self, kind: str, no: str, **data: Any) -> dict[str, Any]:
        """The message's end, as its receipt tells it."""
        pushed = await self.platform.push(kind, upstream_no=no, **data)
        assert pushed.status_code == 202, pushed.text
        await self.drain()
        return await self.platform.receipt(pushed)

    async def bring(self, no: str, **changed: Any) -> str:
        """A new ticket; answers our number."""
        pushed = await self.platform.create(no, **changed)
        await self.drain()
        return str((await self.platform.receipt(pushed))["ticket_no"])

    async def view(self, no: str) -> Response:
        return await self.platform.get(f"/v1/tickets/{no}")


@pytest.fixture
def city(intake: AsyncClient, secrets: dict[str, str], drain: Drain) -> City:
    return City(Platform(intake, "city-12345", secrets["city-12345"]), drain)
