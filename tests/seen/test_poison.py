"""Poison never delays the good, and not even a message that kills its worker does so for ever."""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from shared.settings import Settings
from shared.tickets import Hotline, Ledger
from shared.tickets.dead_letters import LOST
from shared.worker.deliveries import Delivery, Drain, drain
from shared.worker.failures import MAX_ATTEMPTS
from shared.worker.heartbeat import Heartbeat
from tests.conftest import BUREAU, Tell
from tests.seen.owing import HEARD, owe, read_all, run, set_due

STREAMS = 400
POISON = 4  # one per cent
DEADLY = 7
MOST_DEATHS = 12
SECONDS = 120.0
MANY = text(
    "INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type)"
    " SELECT :bureau, n, 1, 'scoring', 'ticket.received'"
    " FROM generate_series(1, CAST(:streams AS bigint)) AS n"
)
# After the first death it is made to look as if it had been met five times.
AGED = text(
    "UPDATE deliveries SET attempts = 6 WHERE bureau_id = :bureau AND stream_id = :stream"
    " AND attempts = 1"
)


class Counting:
    """Fails for poisoned streams; notes when each good one was done, and in which order."""

    def __init__(self, poison: frozenset[int] = frozenset()) -> None:
        self.poison = poison
        self.done: dict[tuple[int, int], float] = {}
        self.calls = 0
        self.first: list[int] = []

    async def __call__(self, _: Ledger, batch: Sequence[Delivery]) -> None:
        self.calls += 1
        self.first = self.first or [one.stream_id for one in batch]
        if any(one.stream_id in self.poison for one in batch):
            raise ValueError
        for one in batch:
            self.done.setdefault((one.stream_id, one.seq), time.monotonic())


async def latencies(hotline: Hotline, handler: Counting) -> list[float]:
    await run(hotline, MANY, streams=STREAMS)
    began = time.monotonic()
    await drain(hotline, BUREAU, {HEARD: handler})
    return [at - began for (stream, _), at in handler.done.items() if stream not in handler.poison]


async def test_one_per_cent_of_poison_leaves_the_good_undelayed(
    hotline: Hotline, tell: Tell
) -> None:
    clean = await latencies(hotline, Counting())
    spoilt = Counting(frozenset(range(50, STREAMS, STREAMS // POISON)))

    with_poison = await latencies(hotline, spoilt)

    left = await read_all(hotline)
    assert {row.stream_id for row in left} == spoilt.poison
    assert {row.attempts for row in left} == {1}
    assert len(with_poison) == STREAMS - POISON
    assert spoilt.calls < STREAMS / 2  # halved, not tried one by one
    worst = [max(clean), max(with_poison)]
    middle = [statistics.median(clean), statistics.median(with_poison)]
    told = [f"{1000 * one:.0f}" for one in (*middle, *worst)]
    tell(
        f"{STREAMS} streams, {POISON} of poison: median {told[0]} → {told[1]} ms,"
        f" last {told[2]} → {told[3]} ms"
    )
    assert worst[1] < 2.0


async def test_what_has_failed_is_not_put_among_the_good_again(hotline: Hotline) -> None:
    await run(hotline, MANY, streams=3)
    await drain(hotline, BUREAU, {HEARD: Counting(frozenset({2}))})
    await owe(hotline, stream=10)
    await set_due(hotline)
    handler = Counting(frozenset({2}))

    handled = await Drain(hotline, BUREAU, {HEARD: handler}).batch(HEARD)

    assert (handled, handler.calls, list(handler.done)) == (1, 1, [(10, 1)])


async def test_more_poison_than_fits_between_two_batches_never_holds_a_fresh_delivery(
    hotline: Hotline,
) -> None:
    await run(hotline, MANY, streams=60)
    poison = frozenset(range(1, 61))
    await drain(hotline, BUREAU, {HEARD: Counting(poison)})
    await owe(hotline, stream=100)
    await set_due(hotline)
    handler = Counting(poison)

    await drain(hotline, BUREAU, {HEARD: handler})

    assert (handler.first, list(handler.done)) == ([100], [(100, 1)])
    assert min(row.attempts for row in await read_all(hotline)) >= 2


async def test_a_deadly_message_is_parked_in_the_end_and_the_others_are_handled(
    hotline: Hotline, settings: Settings, tell: Tell
) -> None:
    """The worker is killed outright whenever it touches stream 7, and started again each time."""
    await run(hotline, MANY, streams=40)
    deaths = 0
    began = time.monotonic()
    async with asyncio.timeout(SECONDS):
        while True:
            worker = start_deadly(settings)
            while worker.poll() is None and not await is_settled(hotline):
                await set_due(hotline)
                await asyncio.sleep(0.02)
            if worker.poll() is None:
                break
            assert worker.returncode == -signal.SIGKILL
            deaths += 1
            await run(hotline, AGED, stream=DEADLY)
            assert deaths <= MOST_DEATHS, await read_all(hotline)
    worker.terminate()
    worker.wait(10)

    (row,) = await read_all(hotline)
    assert (row.stream_id, row.attempts, row.last_error) == (DEADLY, MAX_ATTEMPTS, LOST)
    assert row.parked_at is not None
    tell(f"parked after {deaths} deaths, {time.monotonic() - began:.1f} s")


async def is_settled(hotline: Hotline) -> bool:
    return all(row.parked_at is not None for row in await read_all(hotline))


def start_deadly(settings: Settings) -> subprocess.Popen[bytes]:
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
    }
    argv = [sys.executable, "-m", "tests.seen.deadly", str(DEADLY)]
    return subprocess.Popen(argv, env=env, stderr=subprocess.DEVNULL)


async def test_a_worker_that_is_elsewhere_is_not_buried_before_it_has_long_been_silent(
    hotline: Hotline,
) -> None:
    await run(hotline, MANY, streams=2)
    batch = [Delivery(stream, 1, HEARD, "ticket.received", None, 0) for stream in (1, 2)]
    other, ours = Heartbeat.open(hotline), Heartbeat.open(hotline)
    await other.beat()
    await other.hold(BUREAU, batch)
    elsewhere = text("UPDATE workers SET machine = 'elsewhere', pid = 1 WHERE :bureau = 1")
    await run(hotline, elsewhere)
    await ours.beat()

    await ours.bury_dead(hotline)
    assert {row.attempts for row in await read_all(hotline)} == {0}

    await run(
        hotline,
        text("UPDATE workers SET beat_at = beat_at - interval '16 s' WHERE :bureau = pid"),
    )
    await ours.bury_dead(hotline)
    await ours.bury_dead(hotline)

    rows = await read_all(hotline)
    assert [(row.attempts, row.last_error, row.apart) for row in rows] == [(1, LOST, False)] * 2
    await other.leave()
    await ours.leave()


async def test_what_another_worker_has_taken_meanwhile_is_not_charged(hotline: Hotline) -> None:
    await run(hotline, MANY, streams=1)
    dead, ours = Heartbeat.open(hotline), Heartbeat.open(hotline)
    await dead.hold(BUREAU, [Delivery(1, 1, HEARD, "ticket.received", None, 0)])
    await run(hotline, text("UPDATE workers SET pid = 0, beat_at = '-infinity' WHERE :bureau = 1"))
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text("SELECT FROM deliveries FOR UPDATE"))
        await asyncio.wait_for(ours.bury_dead(hotline), 5)

    (row,) = await read_all(hotline)
    assert (row.attempts, row.apart) == (0, False)
    await dead.leave()
    await ours.leave()


@pytest.mark.parametrize("signal_number", [signal.SIGTERM])
async def test_a_worker_that_is_told_to_end_leaves_no_row_behind(
    hotline: Hotline, settings: Settings, signal_number: signal.Signals
) -> None:
    worker = start_deadly(settings)
    count = text("SELECT count(*) AS n FROM workers")

    async def workers() -> int:
        async with hotline.database.transaction(BUREAU, writing=False) as tx:
            row = await tx.row(count)
        return 0 if row is None else int(row.n)

    async with asyncio.timeout(30):
        while not await workers():
            assert worker.poll() is None
            await asyncio.sleep(0.02)
    worker.send_signal(signal_number)

    assert (worker.wait(10), await workers()) == (0, 0)
