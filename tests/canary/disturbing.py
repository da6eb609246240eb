"""Faults in which a database or a driver likes to repeat what it was given."""

import asyncio

import asyncpg

from tests.canary.asking import Crew, side_by_side
from tests.canary.people import Person
from tests.canary.pushing import created, source_of

BROKEN = "毁约"
# An error that carries the whole row, raised where the text is written.
REFUSE = (
    "ALTER TABLE ticket_texts ADD CONSTRAINT ck_canary"
    f" CHECK (body IS NULL OR position('{BROKEN}' in body) = 0) NOT VALID"
)
ALLOW = "ALTER TABLE ticket_texts DROP CONSTRAINT ck_canary"
DUE = "UPDATE deliveries SET next_try_at = clock_timestamp() WHERE parked_at IS NULL"
PARKED = "SELECT count(*) FROM deliveries WHERE parked_at IS NOT NULL"
BACKENDS = (
    "SELECT pid FROM pg_stat_activity WHERE usename = 'minhu_app' AND state <> 'idle'"
    " AND backend_type = 'client backend'"
)
PATIENCE_SECONDS = 60.0


async def break_writes(
    crew: Crew, people: list[Person], numbers: dict[str, str], own: asyncpg.Connection
) -> None:
    """Messages that can never be applied are tried until they are parked; an action answers 500."""
    await own.execute(REFUSE)
    for person in people:
        no = {"upstream_no": f"SH-{person.tail}-B"}
        said = created(person, **no, content=f"{BROKEN} {person.words}")
        await crew.push(source_of(person), "ticket.created", **said)
        ticket = numbers[f"SH-{person.tail}"]
        answer = await crew.act("desk", ticket, "urge", text=f"{BROKEN} {person.words[:400]}")
        assert answer.status_code == 500, answer.text
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await own.fetchval(PARKED) < len(people):
            await own.execute(DUE)
            await asyncio.sleep(0.05)
    await own.execute(ALLOW)


async def cut(
    crew: Crew, people: list[Person], numbers: dict[str, str], own: asyncpg.Connection
) -> int:
    """Sessions ended and statements cancelled while they write; how many were hit."""
    hit = 0

    async def strike() -> None:
        nonlocal hit
        for turn in range(400):
            for row in await own.fetch(BACKENDS):
                how = "pg_terminate_backend" if turn % 2 else "pg_cancel_backend"
                hit += bool(await own.fetchval(f"SELECT {how}({row['pid']})"))
            await asyncio.sleep(0.01)

    striking = asyncio.create_task(strike())
    await side_by_side(
        crew.push(
            source_of(person),
            "ticket.created",
            **created(person, upstream_no=f"SH-{person.tail}-C"),
        )
        for person in people
    )
    await side_by_side(
        crew.act("desk", numbers[f"SH-{person.tail}"], "urge", text=person.words[:400])
        for person in people
    )
    striking.cancel()
    return hit
