"""The person's story, and the means to erase it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import asyncpg
import pytest
from httpx import AsyncClient

from services.cli.erasing import Asked, Told, carry_out_all, find_callers_own
from shared.domain.actor import Actor
from shared.domain.words import Role
from shared.erasure.requests import ALL_PARTS, find_ids
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.retention import Keeper
from tests.conftest import BUREAU, Stack
from tests.erasure.person import Story
from tests.erasure.traces import dump_database, open_inside
from tests.factories import Desk, SetClock
from tests.platform import Platform

NOW = "2026-11-18T09:30:00+08:00"
CLERK = Actor(Role.ADMIN, "周审")
Erase = Callable[..., Coroutine[Any, Any, Told]]
Dump = Callable[[], Coroutine[Any, Any, dict[str, bytes]]]


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock) -> Desk:
    await set_clock(NOW)
    return Desk(dispatch, keys)


@pytest.fixture
def story(
    intake: AsyncClient,
    secrets: dict[str, str],
    desk: Desk,
    drain: Callable[[], Awaitable[int]],
) -> Story:
    city = Platform(intake, "city-12345", secrets["city-12345"])
    district = Platform(intake, "district-platform", secrets["district-platform"])
    return Story(city, district, desk, drain)


@pytest.fixture
async def inside(stack: Stack, settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    connection = await open_inside(stack, settings)
    yield connection
    await connection.close()


@pytest.fixture
def dump(inside: asyncpg.Connection, hotline: Hotline) -> Dump:
    """All that lies in the database, by table, for who has the keys as well."""
    return lambda: dump_database(inside, hotline.keyring)


@pytest.fixture
def erase(hotline: Hotline) -> Erase:
    """As the command does, on request: some tickets, or all of a caller's."""

    async def run(
        *nos: str,
        of: str | None = None,
        phone: str | None = None,
        dry: bool = False,
        bureau: int = BUREAU,
        reason: str = "本人申请",
    ) -> Told:
        async with hotline.ledger(bureau, writing=False) as ledger:
            if nos:
                ids = await find_ids(ledger.tx, nos)
                asked = Asked(dict.fromkeys(ids.values(), ALL_PARTS))
            else:
                asked = await find_callers_own(ledger, ticket=of, phone=phone)
        return await carry_out_all(hotline, bureau, asked, actor=CLERK, reason=reason, dry=dry)

    return run


@pytest.fixture
def keep(hotline: Hotline) -> Callable[[], Awaitable[None]]:
    """The worker's daily round."""
    return Keeper(hotline).look
