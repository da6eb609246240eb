"""A desk over the sample organisation, and the log of who saw what."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from shared.tickets import Hotline
from tests.conftest import BUREAU
from tests.factories import Desk, SetClock
from tests.platform import Platform

NOW = "2026-11-18T09:30:00+08:00"
ENTRIES = text(
    "SELECT entry, at, kind, role, actor, key, unit, tickets, operation, detail, trace"
    " FROM audit_entries WHERE bureau_id = :bureau ORDER BY entry"
)
Entries = Callable[[], Awaitable[list[Any]]]


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock) -> Desk:
    await set_clock(NOW)
    return Desk(dispatch, keys)


@pytest.fixture
def city(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "city-12345", secrets["city-12345"])


@pytest.fixture
def entries(hotline: Hotline) -> Entries:
    async def read() -> list[Any]:
        async with hotline.database.transaction(BUREAU, writing=False) as tx:
            return list(await tx.rows(ENTRIES, bureau=BUREAU))

    return read


@pytest.fixture
def viewers(desk: Desk) -> Callable[[str], Awaitable[list[dict[str, Any]]]]:
    """Whom the ticket was shown to, but for this very look."""

    async def read(no: str) -> list[dict[str, Any]]:
        answer = await desk.get("admin", f"/v1/tickets/{no}/viewers", params={"limit": 500})
        assert answer.status_code == 200, answer.text
        seen: list[dict[str, Any]] = answer.json()["items"][:-1]
        return seen

    return read
