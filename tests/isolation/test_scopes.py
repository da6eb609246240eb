"""Under the code's own scope: a raw statement finds its bureau's rows, its unit's, no others."""

import asyncpg
import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.db import Scope, Wider
from shared.db.policies import NO_BUREAU, SHARED_BY_UNITS, UNIT_WALLS
from shared.domain.words import Urgency
from shared.tickets import Hotline
from tests.conftest import BUREAU
from tests.dispatch.test_hard_cases import complain_of
from tests.factories import Desk, make_ticket
from tests.isolation.conftest import Bureau

OURS, THEIRS = "sanitation-section", "greening-section"
GREENING = {"triage": {"trade": "greening", "category": "G-01"}, "dispatch": {"lead": THEIRS}}
BY_TICKET = ("tickets", "ticket_units", "ticket_events", "ticket_texts", "clocks", "notices")
HIDDEN = sorted(name for name, wall in UNIT_WALLS.items() if wall == UNIT_WALLS["api_keys"])


@pytest.fixture
def desk(dispatch: AsyncClient, keys: dict[str, str]) -> Desk:
    return Desk(dispatch, keys)


async def led_by(desk: Desk, hotline: Hotline, unit: str) -> str:
    no = await make_ticket(hotline, urgency=Urgency.URGENT)
    changed = {} if unit == OURS else GREENING
    await desk.walk(no, until="dispatch", **changed)
    return no


async def ids_of(hotline: Hotline, *nos: str) -> set[int]:
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        found = await ledger.tx.rows(
            text("SELECT ticket_id FROM tickets WHERE no = ANY(CAST(:nos AS text[]))"), nos=[*nos]
        )
    return {row.ticket_id for row in found}


async def test_each_bureau_finds_all_of_its_own_rows_and_none_of_anothers(
    hotline: Hotline,
    putuo: Bureau,
    dispatch: AsyncClient,
    keys: dict[str, str],
    inside: asyncpg.Connection,
) -> None:
    for bureau, held in ((BUREAU, keys), (putuo.number, putuo.keys)):
        no = await make_ticket(hotline, bureau=bureau, urgency=Urgency.URGENT)
        await Desk(dispatch, held).walk(no, until="accept")
    tables = [*UNIT_WALLS, *SHARED_BY_UNITS]
    everything = {
        (name, row["bureau_id"]): row["n"]
        for name in tables
        for row in await inside.fetch(f"SELECT bureau_id, count(*) AS n FROM {name} GROUP BY 1")
    }

    found: dict[tuple[str, int], int] = {}
    for bureau in (BUREAU, putuo.number):
        async with hotline.ledger(bureau, writing=False) as ledger:
            for name in tables:
                of = text(f"SELECT bureau_id, count(*) AS n FROM {name} GROUP BY 1")
                found |= {(name, row.bureau_id): row.n for row in await ledger.tx.rows(of)}
                assert {one for (of_table, one) in found if of_table == name} <= {1, bureau}

    assert found == everything
    assert {bureau for _, bureau in found} == {BUREAU, putuo.number}
    assert len({name for name, bureau in found if bureau == putuo.number}) > 15


@pytest.mark.parametrize("setting", [None, "", "0", "99"])
async def test_without_a_bureau_of_its_own_a_transaction_finds_nothing(
    app: asyncpg.Connection, hotline: Hotline, setting: str | None
) -> None:
    await make_ticket(hotline)
    async with app.transaction():
        if setting is not None:
            await app.execute("SELECT set_config('minhu.bureau_id', $1, true)", setting)
        counts = {
            name: await app.fetchval(f"SELECT count(*) FROM {name}")
            for name in (*UNIT_WALLS, *SHARED_BY_UNITS)
        }

    assert {name: count for name, count in counts.items() if count} == {}
    assert await app.fetchval("SELECT count(*) FROM transaction_bases") == 1
    assert "transaction_bases" in NO_BUREAU


async def test_a_setting_that_is_no_number_tells_of_no_row(app: asyncpg.Connection) -> None:
    async with app.transaction():
        await app.execute("SELECT set_config('minhu.bureau_id', '1 or true', true)")
        with pytest.raises(asyncpg.InvalidTextRepresentationError, match="1 or true"):
            await app.fetch("SELECT * FROM tickets")


async def test_a_unit_finds_what_hangs_on_its_own_tickets_alone(
    hotline: Hotline, desk: Desk
) -> None:
    own, foreign = await led_by(desk, hotline, OURS), await led_by(desk, hotline, THEIRS)
    untouched = await make_ticket(hotline)
    ours = await ids_of(hotline, own)

    seen: dict[str, set[int]] = {}
    async with hotline.ledger(Scope(BUREAU, OURS), writing=False) as ledger:
        for name, wall in UNIT_WALLS.items():
            if "ticket_id" in wall.using:
                rows = await ledger.tx.rows(text(f"SELECT ticket_id FROM {name}"))
                seen[name] = {row.ticket_id for row in rows}
        hidden = {
            name: (await ledger.tx.run(text(f"SELECT count(*) FROM {name}"))).scalar_one()
            for name in HIDDEN
        }

    assert {name: ids for name, ids in seen.items() if not ids <= ours} == {}
    assert all(seen[name] == ours for name in BY_TICKET if name in seen)
    assert {name: count for name, count in hidden.items() if count} == {}
    assert len(await ids_of(hotline, own, foreign, untouched)) == 3


async def test_what_one_unit_was_shown_is_shown_to_no_other_on_the_same_connection(
    hotline: Hotline, desk: Desk
) -> None:
    """A ticket seen is remembered until the transaction ends, for the unit that saw it."""
    await led_by(desk, hotline, OURS)
    events = text("SELECT DISTINCT ticket_id, pg_backend_pid() AS pid FROM ticket_events")
    other = text("SELECT set_config('minhu.unit_id', :unit, true)")
    async with hotline.ledger(Scope(BUREAU, OURS), writing=False) as ledger:
        (seen,) = await ledger.tx.rows(events)
        await ledger.tx.run(other, unit=THEIRS)
        assert not await ledger.tx.rows(events)
    async with hotline.ledger(Scope(BUREAU, THEIRS), writing=False) as ledger:
        assert not await ledger.tx.rows(events)
        remembered = await ledger.tx.row(text("SELECT current_setting('minhu.seen', true) AS it"))
        (pid,) = await ledger.tx.rows(text("SELECT pg_backend_pid() AS pid"))
    assert remembered is not None
    assert (pid.pid, remembered.it) == (seen.pid, "")


async def test_a_unit_complained_of_finds_nothing_of_the_ticket_it_had(
    hotline: Hotline, desk: Desk
) -> None:
    no = await led_by(desk, hotline, OURS)
    await complain_of(hotline, no, OURS)

    async with hotline.ledger(Scope(BUREAU, OURS), writing=False) as ledger:
        for name in ("tickets", "ticket_events", "ticket_texts", "clocks", "callers", "notices"):
            rows = await ledger.tx.rows(text(f"SELECT ticket_id FROM {name}"))
            assert not rows, name
        async with ledger.tx.widened(Wider.REPEATS) as wide:
            assert len(await wide.rows(text("SELECT 1 FROM tickets"))) == 1
        assert not await ledger.tx.rows(text("SELECT 1 FROM tickets"))


async def test_a_unit_writes_nothing_on_another_units_ticket(hotline: Hotline, desk: Desk) -> None:
    foreign = await led_by(desk, hotline, THEIRS)
    (ticket_id,) = await ids_of(hotline, foreign)
    steal = text("INSERT INTO ticket_units (bureau_id, unit_id, ticket_id) VALUES (1, :unit, :id)")
    note = text(
        "INSERT INTO ticket_texts (bureau_id, ticket_id, seq, field, version, body, recorded_at)"
        " VALUES (1, :id, 99, 'note', 1, 'x', now())"
    )
    change = text("UPDATE tickets SET version = version + 1 WHERE ticket_id = :id")
    with pytest.raises(DBAPIError, match="row-level security"):
        async with hotline.ledger(Scope(BUREAU, OURS)) as ledger:
            await ledger.tx.run(note, id=ticket_id)
    for unit in (OURS, THEIRS):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with hotline.ledger(Scope(BUREAU, OURS)) as ledger:
                await ledger.tx.run(steal, id=ticket_id, unit=unit)
    async with hotline.ledger(Scope(BUREAU, OURS)) as ledger:
        assert (await ledger.tx.run(change, id=ticket_id)).rowcount == 0


async def test_what_a_process_keeps_of_a_bureau_is_whole_whoever_asks_first(
    hotline: Hotline,
) -> None:
    async with hotline.ledger(BUREAU) as ledger:
        await ledger.tx.run(
            text(
                "INSERT INTO subscriptions (bureau_id, subscription_id, unit_id, url, types,"
                " created_by, created_at) VALUES (1, 'theirs', :unit, 'https://a.example', '{*}',"
                " '样例', now())"
            ),
            unit=THEIRS,
        )
    hotline.rulebooks._kept.clear()

    async with hotline.ledger(Scope(BUREAU, OURS)) as ledger:
        assert [one.id for one in ledger.rulebook.subscriptions] == ["theirs"]
        assert not await ledger.tx.rows(text("SELECT 1 FROM subscriptions"))
