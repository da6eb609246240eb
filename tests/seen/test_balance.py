"""Produced = handled + pending + parked, whoever writes and whenever asked; told when it is not."""

import asyncio
import random
import re
from collections.abc import Sequence

from httpx import AsyncClient
from sqlalchemy import text

from services.cli.worker import all_handlers
from shared.tickets import Hotline, Ledger
from shared.tickets.vitals import read_owed
from shared.worker.deliveries import Delivery, drain
from shared.worker.housekeeping import keep_house
from tests.conftest import BUREAU, Tell
from tests.factories import make_ticket
from tests.platform import Platform
from tests.seen.owing import HEARD, PRODUCED, owe, park, run

GAUGE = re.compile(r'minhu_deliveries_(\w+)\{bureau="1",subscriber="([\w:-]+)"\} (\S+)')
ROUNDS = 40


async def told(client: AsyncClient) -> dict[tuple[str, str], float]:
    """(gauge, subscriber) → value, as Prometheus would read it."""
    lines = (await client.get("/metrics")).text
    return {(name, who): float(value) for name, who, value in GAUGE.findall(lines)}


async def test_what_every_writer_produces_is_counted_and_adds_up_at_every_stage(
    dispatch: AsyncClient, intake: AsyncClient, hotline: Hotline, secrets: dict[str, str]
) -> None:
    """The inbox's one statement, the shared door, and a writer that knows nothing of counts."""
    for number in range(3):
        await Platform(intake, "city-12345", secrets["city-12345"]).create(f"SH-{number}")
    await make_ticket(hotline)
    await owe(hotline, stream=900, last=4, subscriber="elsewhere")
    stages = [await told(dispatch)]
    await park(hotline, stream=900)
    stages.append(await told(dispatch))
    await drain(hotline, BUREAU, all_handlers())
    stages.append(await told(dispatch))

    for stage in stages:
        for (name, who), value in stage.items():
            if name == "mismatch":
                parts = [stage[part, who] for part in ("handled", "pending", "parked")]
                assert (value, stage["produced", who]) == (0, sum(parts)), (who, stage)
    assert stages[0]["produced", "intake"] == 3
    assert stages[2]["handled", "intake"] == 3
    assert stages[2]["parked", "elsewhere"] == 4
    assert stages[2]["pending", "scoring"] == 0 < stages[2]["handled", "scoring"]


async def test_a_delivery_that_somebody_deletes_or_slips_in_is_missed(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    await owe(hotline, stream=1, last=5)
    await run(hotline, text("DELETE FROM deliveries WHERE bureau_id = :bureau AND seq > 3"))

    assert (await told(dispatch))["mismatch", HEARD] == 2

    await run(
        hotline,
        text("UPDATE delivery_productions SET produced = 0 WHERE bureau_id = :bureau"),
    )
    assert (await told(dispatch))["mismatch", HEARD] == -3


async def test_many_writers_and_workers_at_once_never_unbalance_the_count_nor_cross(
    hotline: Hotline, tell: Tell
) -> None:
    """Every reading in between is of one moment; connections that went are added up meanwhile."""
    chance = random.Random(5)
    subscribers = ("scoring", "matters", "intake")
    readings = 0
    done = asyncio.Event()

    async def write(writer: int) -> None:
        for number in range(ROUNDS):
            order = chance.sample(subscribers, 3)
            async with hotline.database.transaction(BUREAU) as tx:
                for subscriber in order:
                    await tx.run(
                        text(
                            "INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber,"
                            " event_type) VALUES (1, :stream, :seq, :subscriber, 'x')"
                        ),
                        stream=writer,
                        seq=number,
                        subscriber=subscriber,
                    )

    async def take(_: Ledger, __: Sequence[Delivery]) -> None:
        """Handled."""

    async def work() -> None:
        while not done.is_set():
            await drain(hotline, BUREAU, dict.fromkeys(subscribers, take))

    async def watch() -> None:
        nonlocal readings
        while not done.is_set():
            assert [one.mismatch for one in await read_owed(hotline, BUREAU) if one.mismatch] == []
            async with hotline.database.transaction(BUREAU) as tx:
                await keep_house(tx, callback_log_days=30)
            readings += 1

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        for one in (work(), work(), watch()):
            tasks.create_task(one)
        await asyncio.gather(*(write(writer) for writer in range(1, 5)))
        done.set()

    await drain(hotline, BUREAU, dict.fromkeys(subscribers, take))
    owed = await read_owed(hotline, BUREAU)
    assert {one.produced for one in owed} == {4 * ROUNDS}
    assert {(one.mismatch, one.pending) for one in owed} == {(0, 0)}
    tell(f"{12 * ROUNDS} produced by 4 writers, {readings} readings in between, none unbalanced")


async def test_the_counts_of_connections_that_are_gone_are_added_up(hotline: Hotline) -> None:
    await owe(hotline, stream=1, last=5)
    await run(
        hotline,
        text("UPDATE delivery_productions SET backend = -backend WHERE bureau_id = :bureau"),
    )
    await owe(hotline, stream=2, last=2)

    async with hotline.database.transaction(BUREAU) as tx:
        await keep_house(tx, callback_log_days=30)

    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = await tx.rows(text("SELECT backend, produced FROM delivery_productions"))
        total = await tx.row(PRODUCED, bureau=BUREAU, subscriber=HEARD)
    assert total is not None
    assert total.produced == 7
    assert {row.produced for row in rows if row.backend == 0} == {5}
