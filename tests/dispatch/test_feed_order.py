"""The feed tells a ticket's entries in their order, whoever began first."""

import asyncio

from httpx import AsyncClient

from shared.domain.actor import SYSTEM
from shared.domain.events import TicketUrged
from shared.tickets import Hotline, lock_no
from tests.conftest import BUREAU
from tests.factories import make_ticket


async def urge(hotline: Hotline, no: str, *, began: asyncio.Event, go: asyncio.Event) -> None:
    async with hotline.ledger(BUREAU) as ledger:
        began.set()
        await go.wait()
        ticket = await lock_no(ledger.tx, no)
        assert ticket is not None
        ledger.record(ticket, TicketUrged(), actor=SYSTEM)


async def test_a_transaction_that_began_first_and_recorded_second_is_told_second(
    dispatch: AsyncClient, hotline: Hotline, keys: dict[str, str]
) -> None:
    no = await make_ticket(hotline)
    early, late = asyncio.Event(), asyncio.Event()
    began, go = asyncio.Event(), asyncio.Event()
    go.set()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(urge(hotline, no, began=early, go=late))
        await early.wait()
        for _ in range(2):
            await urge(hotline, no, began=began, go=go)
        late.set()

    answer = await dispatch.get("/v1/events", headers={"authorization": f"Bearer {keys['desk']}"})
    told = [int(item["id"].rpartition("-")[2]) for item in answer.json()["items"]]
    assert told == [1, 2, 3, 4]
