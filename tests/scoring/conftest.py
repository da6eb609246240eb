"""Tickets written through the one door, and the facts folded from them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from services.scoring.handlers import HANDLERS
from shared.domain.actor import SYSTEM
from shared.domain.events import Event, TicketReceived
from shared.tickets import Hotline, lock_ids
from shared.worker.deliveries import drain as drain_bureau
from tests.faults.faulty import go_on
from tests.scoring.histories import History
from tests.scoring.november import greening_five, sanitation_vector, undispatched
from tests.scoring.sanitation import Office

BUREAU = 1
NEW_ID = text("SELECT nextval('ticket_ids') AS ticket_id")

Write = Callable[[Sequence[History]], Awaitable[list[int]]]
Fold = Callable[[], Awaitable[int]]
OnRoad = Callable[..., Awaitable[int]]
Then = Callable[..., Awaitable[None]]
ADDRESS = "静安区江宁路6001号门前"
SetClock = Callable[[str], Awaitable[object]]


@pytest.fixture
async def year_end(set_clock: SetClock) -> None:
    """All of 2026 lies behind."""
    await set_clock("2026-12-31T23:00:00+08:00")


@pytest.fixture
def write(hotline: Hotline) -> Write:
    """Each history as a ticket; every entry recorded when its history says. Answers the ids."""

    async def run(histories: Sequence[History]) -> list[int]:
        ids = []
        async with hotline.ledger(BUREAU) as ledger:
            for history in histories:
                row = await ledger.tx.row(NEW_ID)
                assert row is not None
                ids.append(row.ticket_id)
                ticket = None
                for entry in history.entries:
                    ledger.tx = replace(ledger.tx, now=entry.recorded_at)
                    given: dict[str, Any] = {"actor": entry.actor, "occurred_at": entry.occurred_at}
                    if ticket is not None:
                        ticket = ledger.record(ticket, entry.event, **given)
                    elif isinstance(entry.event, TicketReceived):
                        ticket = ledger.open(row.ticket_id, entry.event, **given, texts={})
        return ids

    return run


@pytest.fixture
def fold(hotline: Hotline) -> Fold:
    """Scoring's own handler, until nothing is owed to it."""

    async def run() -> int:
        return await go_on(lambda: drain_bureau(hotline, BUREAU, HANDLERS))

    return run


@pytest.fixture
def office(scoring: AsyncClient, keys: dict[str, str]) -> Office:
    return Office(scoring, keys)


@pytest.fixture
def on_road(hotline: Hotline, fold: Fold) -> OnRoad:
    """A history as a ticket with an address, folded; answers its id."""

    async def run(history: History, address: str = ADDRESS, *, folded: bool = True) -> int:
        async with hotline.ledger(BUREAU) as ledger:
            row = await ledger.tx.row(NEW_ID)
            assert row is not None
            ticket = None
            for entry in history.entries:
                ledger.tx = replace(ledger.tx, now=entry.recorded_at)
                given: dict[str, Any] = {"actor": entry.actor, "occurred_at": entry.occurred_at}
                if ticket is not None:
                    ticket = ledger.record(ticket, entry.event, **given)
                elif isinstance(entry.event, TicketReceived):
                    told = {"address": address}
                    ticket = ledger.open(row.ticket_id, entry.event, **given, texts=told)
        if folded:
            await fold()
        return int(row.ticket_id)

    return run


@pytest.fixture
def then(hotline: Hotline, fold: Fold) -> Then:
    """What happens to a ticket afterwards, folded."""

    async def run(ticket_id: int, *happened: Event, texts: dict[str, str] | None = None) -> None:
        async with hotline.ledger(BUREAU) as ledger:
            ticket = (await lock_ids(ledger.tx, [ticket_id]))[ticket_id]
            for event in happened:
                ticket = ledger.record(ticket, event, actor=SYSTEM, texts=texts)
        await fold()

    return run


@pytest.fixture
async def november(set_clock: SetClock, write: Write, fold: Fold) -> list[int]:
    """All of the November of two units, on the second of December."""
    await set_clock("2026-11-30T23:00:00+08:00")
    ids = await write([*sanitation_vector(), *greening_five(), undispatched()])
    await set_clock("2026-12-02T09:00:00+08:00")
    await fold()
    return ids
