"""A legal hold stands before date and request alike, until it is lifted; both are on record."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest

from shared.domain.erasure import Obstacle
from shared.erasure.holds import lift_hold, list_holds, set_hold
from shared.errors import Conflict, NotFound
from shared.tickets import Hotline, lock_no
from tests.conftest import BUREAU
from tests.erasure.conftest import CLERK, Erase
from tests.erasure.ended import CALLER, CLEAN, WHOLE, end_ticket, left_of, set_periods
from tests.erasure.test_retention import NOW
from tests.factories import SetClock

Keep = Callable[[], Awaitable[None]]
WHY = f"复议案件取证，{CALLER.name}{CALLER.phone}"
MASKED = "复议案件取证，诸葛**139****5670"


@pytest.fixture(autouse=True)
async def periods(hotline: Hotline, set_clock: SetClock) -> None:
    await set_clock(NOW)
    await set_periods(hotline, recording="1d", caller="1d", ticket="1d")


async def hold(hotline: Hotline, *nos: str) -> int:
    async with hotline.ledger(BUREAU) as ledger:
        return await set_hold(ledger, nos, actor=CLERK, reason=WHY)


async def lift(hotline: Hotline, number: int) -> int:
    async with hotline.ledger(BUREAU) as ledger:
        return await lift_hold(ledger, number, actor=CLERK, reason="已结案")


async def test_a_hold_blocks_date_and_request_until_the_last_one_is_lifted(
    hotline: Hotline, set_clock: SetClock, keep: Keep, erase: Erase, inside: asyncpg.Connection
) -> None:
    held, free = await end_ticket(hotline), await end_ticket(hotline)
    first, second = await hold(hotline, held, free), await hold(hotline, held)
    await lift(hotline, first)
    found = []
    for day in (2, 3):
        await set_clock(NOW + timedelta(days=day))
        await keep()
        asked = await erase(held)
        found.append((await left_of(inside, held, free), asked.outcomes[0].obstacles))
    await lift(hotline, second)
    await set_clock(NOW + timedelta(days=4))
    await keep()

    assert found == [([WHOLE, CLEAN], (Obstacle.HELD,))] * 2
    assert await left_of(inside, held) == [CLEAN]


async def test_who_held_and_who_lifted_is_on_record_and_names_nobody(
    hotline: Hotline, inside: asyncpg.Connection
) -> None:
    no = await end_ticket(hotline)
    number = await hold(hotline, no)
    await lift(hotline, number)
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        standing = await list_holds(ledger.tx, with_lifted=False)
        (one,) = await list_holds(ledger.tx, with_lifted=True)
    seen = await inside.fetch(
        "SELECT kind, actor, detail->>'reason' AS reason, tickets FROM audit_entries ORDER BY entry"
    )

    assert list(standing) == []
    assert (one.set_by, one.reason, one.set_at, one.nos) == (CLERK.name, MASKED, NOW, [no])
    assert (one.lifted_by, one.lift_reason, one.lifted_at) == (CLERK.name, "已结案", NOW)
    ids = [int(no.partition("-")[2])]
    assert [tuple(row) for row in seen] == [
        ("hold.set", CLERK.name, MASKED, ids),
        ("hold.lifted", CLERK.name, "已结案", ids),
    ]


async def test_a_hold_is_lifted_once_and_only_where_there_is_one(hotline: Hotline) -> None:
    number = await hold(hotline, await end_ticket(hotline))
    await lift(hotline, number)

    with pytest.raises(Conflict):
        await lift(hotline, number)
    with pytest.raises(NotFound):
        await lift(hotline, number + 1)
    with pytest.raises(NotFound, match="T20260101-999999"):
        await hold(hotline, "T20260101-999999")


async def test_who_holds_waits_for_who_erases_and_the_other_way_round(
    hotline: Hotline, erase: Erase, inside: asyncpg.Connection
) -> None:
    no = await end_ticket(hotline)
    async with hotline.ledger(BUREAU) as ledger:
        await lock_no(ledger.tx, no)  # as who sets a hold does
        asked = asyncio.create_task(erase(no))
        await wait_for_a_lock(inside)
        await set_hold(ledger, [no], actor=CLERK, reason=WHY)
    told = await asked

    assert told.outcomes[0].obstacles == (Obstacle.HELD,)
    assert await left_of(inside, no) == [WHOLE]


async def wait_for_a_lock(inside: asyncpg.Connection) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(10):
        while not await inside.fetchval(waiting):
            pass
