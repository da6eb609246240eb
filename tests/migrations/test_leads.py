"""Tickets from before leads were kept by round get theirs from the log."""

import importlib

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.domain.ticket import Ticket
from shared.tickets import Hotline, find_tickets
from tests.conftest import Stack
from tests.factories import BODIES, Desk, SetClock, make_ticket

UNHAPPY = {**BODIES["follow-up"], "redo": True}
KEEP_LEADS = importlib.import_module("migrations.versions.20261123_appeals").KEEP_LEADS
STRIP = "UPDATE tickets SET fold = fold - 'leads'"
IDS = text("SELECT ticket_id FROM tickets")


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock) -> Desk:
    await set_clock("2026-11-18T09:30:00+08:00")
    return Desk(dispatch, keys)


async def test_the_leads_of_every_round_are_read_from_the_log(
    desk: Desk, hotline: Hotline, stack: Stack
) -> None:
    await make_ticket(hotline)
    given_back = await make_ticket(hotline)
    await desk.walk(given_back, until="dispatch")
    lead = "sanitation-section"
    await desk.act(lead, given_back, "return", reason_code="not_ours", reason="不属本单位")
    await desk.act("desk", given_back, "decide-return", granted=True, comment="同意")
    await desk.act("desk", given_back, "dispatch", lead="sanitation-centre")
    redone = await make_ticket(hotline)
    await desk.walk(redone, follow_up=UNHAPPY)
    await desk.walk(redone, until="dispatch")
    async with hotline.database.transaction(1, writing=False) as tx:
        ids = [row.ticket_id for row in await tx.rows(IDS)]
        kept = await find_tickets(tx, ids)

    url = stack.owner_url_of(hotline.settings.database_url.rsplit("/", 1)[1])
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.execute(text(STRIP))
    stripped = await find(hotline, ids)
    async with engine.begin() as connection:
        await connection.execute(text(KEEP_LEADS))
    await engine.dispose()

    assert sorted(len(one.leads) for one in kept.values()) == [0, 1, 2]
    assert all(not one.leads for one in stripped.values())
    assert await find(hotline, ids) == kept


async def find(hotline: Hotline, ids: list[int]) -> dict[int, Ticket]:
    async with hotline.database.transaction(1, writing=False) as tx:
        return dict(await find_tickets(tx, ids))
