"""The supervision ladder: by the clock alone, whoever has the ticket, the oldest first."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.db import Tx
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import MatterJoined, RepeatLinked, ReworkOpened
from shared.tickets import Hotline, Ledger, lock_no
from shared.tickets.alarms import BATCH, run_alarms
from tests.factories import CITY, RECEIVED_AT, SetClock, make_ticket
from tests.shared.short_way import complete

BUREAU = 1
LEVELS = text(
    "SELECT t.no, e.data->>'cause' AS cause, CAST(e.data->>'level' AS integer) AS level,"
    " e.occurred_at, e.recorded_at FROM ticket_events AS e JOIN tickets AS t"
    " ON t.bureau_id = e.bureau_id AND t.ticket_id = e.ticket_id"
    " WHERE e.type = 'ticket.escalated' ORDER BY e.position"
)


@pytest.fixture
async def morning(set_clock: SetClock) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")


async def list_levels(hotline: Hotline) -> list[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return list(await tx.rows(LEVELS))


def city(at: datetime) -> str:
    return f"{at.astimezone(CITY_ZONE):%m-%d %H:%M:%S}"


@pytest.mark.usefixtures("morning")
async def test_a_ticket_nobody_took_goes_up_the_ladder_at_its_own_due_times(
    hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    await set_clock("2026-12-31T00:00:00+08:00")

    found = await list_levels(hotline)
    assert [(one.level, one.cause, city(one.occurred_at)) for one in found] == [
        (1, "yellow", "11-24 23:59:59"),
        (2, "overdue", "11-26 23:59:59"),
        (3, "overdue", "11-30 23:59:59"),
    ]
    assert [one.recorded_at for one in found] == [one.occurred_at for one in found]
    async with hotline.ledger(BUREAU) as ledger:
        ticket = await lock_no(ledger.tx, no)
    assert ticket is not None
    assert (ticket.supervision_level, ticket.is_supervised, ticket.version) == (3, False, 1)
    assert ticket.supervised_due is None


@pytest.mark.usefixtures("morning")
async def test_a_jump_over_many_tickets_tells_everything_in_due_order(
    hotline: Hotline, set_clock: SetClock
) -> None:
    for days in (3, 1, 2, 0):
        await make_ticket(hotline, received_at=RECEIVED_AT - timedelta(days=days))
    await set_clock("2026-12-31T00:00:00+08:00")

    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = await tx.rows(
            text(
                "SELECT occurred_at, recorded_at FROM ticket_events"
                " WHERE type <> 'ticket.received' ORDER BY position"
            )
        )
    told = [row.occurred_at for row in rows]
    assert len(told) >= 4 * 8
    assert told == sorted(told)
    began = datetime(2026, 11, 18, 9, 30, tzinfo=CITY_ZONE)
    assert [row.recorded_at for row in rows] == [max(at, began) for at in told]


@pytest.mark.usefixtures("morning")
async def test_of_a_backlog_larger_than_a_batch_the_oldest_is_first_and_none_is_forgotten(
    hotline: Hotline,
) -> None:
    """Thousands fall due in the same second, as those of one day do; the oldest came in last."""
    await make_ticket(hotline)
    async with hotline.database.transaction(BUREAU) as tx:
        for table in ("tickets", "clocks"):
            await copy_rows(tx, table, times=2 * BATCH + 100)
    oldest = await make_ticket(hotline, received_at=RECEIVED_AT - timedelta(days=6))
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text("UPDATE sandbox_clock SET now_at = '2026-12-31 00:00+08'"))
    more = True
    while more:
        async with hotline.ledger(BUREAU) as ledger:
            more = await run_alarms(ledger, ledger.now)

    found = await list_levels(hotline)
    many = 2 * BATCH + 102
    assert sorted(one.level for one in found) == [1] * many + [2] * many + [3] * many
    assert found[0].no == oldest
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(
            text(
                "SELECT count(alarm_at) AS alarms, count(*) FILTER (WHERE missed) AS missed"
                " FROM clocks"
            )
        )
    assert row is not None
    assert (row.alarms, row.missed) == (0, 4 * many)


async def copy_rows(tx: Tx, table: str, *, times: int) -> None:
    """The same ticket under other ids, straight into the table: setting them up is not tested."""
    names = [
        row.column_name
        for row in await tx.rows(
            text(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = :name ORDER BY ordinal_position"
            ),
            name=table,
        )
    ]
    values = {
        "ticket_id": "o.ticket_id + 100000 + k",
        "no": "o.no || '-' || k",
        "fold": "jsonb_set(jsonb_set(o.fold, '{ticket_id}', to_jsonb(o.ticket_id + 100000 + k)),"
        " '{no}', to_jsonb(o.no || '-' || k))",
    }
    chosen = ", ".join(values.get(name, f'o."{name}"') for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    source = f"(SELECT * FROM {table} WHERE ticket_id < 100000)"
    await tx.run(
        text(
            f"INSERT INTO {table} ({quoted}) SELECT {chosen} FROM {source} AS o,"
            " generate_series(1, :times) AS k"
        ),
        times=times,
    )


@pytest.mark.usefixtures("morning")
async def test_the_second_rework_is_the_section_heads_business(
    hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_ticket(hotline)
    async with hotline.ledger(BUREAU) as ledger:
        ticket = await done(ledger, no)
        ticket = ledger.record(ticket, ReworkOpened(2, own=True), actor=CITY)
    assert await list_levels(hotline) == []
    await set_clock("2026-11-18T09:40:00+08:00")
    async with hotline.ledger(BUREAU) as ledger:
        ticket = await done(ledger, no)
        ledger.record(ticket, ReworkOpened(3, own=True), actor=CITY)
    await set_clock("2026-11-18T09:50:00+08:00")

    (found,) = await list_levels(hotline)
    assert (found.level, found.cause, city(found.occurred_at)) == (2, "rework", "11-18 09:40:00")


async def done(ledger: Ledger, no: str) -> Any:
    """Completed by the shortest lawful way."""
    ticket = await lock_no(ledger.tx, no)
    assert ticket is not None
    return complete(ledger, ticket)


@pytest.mark.usefixtures("morning")
async def test_the_third_repeat_in_thirty_days_goes_to_the_head_of_the_bureau(
    hotline: Hotline,
) -> None:
    root = await make_ticket(hotline, received_at=RECEIVED_AT - timedelta(days=90))
    for days in (40, 20, 10):
        await repeat(hotline, root, RECEIVED_AT - timedelta(days=days))
    assert await list_levels(hotline) == []
    last = await repeat(hotline, root, RECEIVED_AT)

    (found,) = await list_levels(hotline)
    assert (found.no, found.level, found.cause) == (last, 3, "repeats")


async def repeat(hotline: Hotline, root: str, received_at: datetime) -> str:
    no = await make_ticket(hotline, received_at=received_at)
    async with hotline.ledger(BUREAU) as ledger:
        ticket = await lock_no(ledger.tx, no)
        assert ticket is not None
        ticket = ledger.record(ticket, RepeatLinked(root, 1, "upstream_word"), actor=CITY)
        ledger.record(ticket, MatterJoined("M-000001"), actor=CITY)
    return no


@pytest.mark.usefixtures("morning")
async def test_a_row_that_tells_of_an_alarm_not_set_any_more_is_mended_and_holds_nobody_up(
    hotline: Hotline, set_clock: SetClock
) -> None:
    await make_ticket(hotline)
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text("UPDATE tickets SET escalate_at = '2026-11-01 00:00+08'"))
    async with hotline.ledger(BUREAU) as ledger:
        assert not await run_alarms(ledger, ledger.now)

    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(text("SELECT escalate_at, warn_at FROM tickets"))
    assert row is not None
    assert row.escalate_at == row.warn_at
