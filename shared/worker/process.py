"""The worker: drains when rung, sweeps when not, and outlives Redis."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from arq.worker import Worker, func
from redis.exceptions import RedisError

from shared.errors import Unavailable
from shared.tickets import Hotline
from shared.tickets.alarms import run_alarms
from shared.tickets.freezing import freeze_due_months
from shared.worker.bell import JOB, QUEUE, redis_settings
from shared.worker.callbacks import Switchboard
from shared.worker.calls import Sender
from shared.worker.chaining import Chainer
from shared.worker.deliveries import Handler, Hold, drain, hold_nothing
from shared.worker.failures import describe
from shared.worker.heartbeat import Heartbeat
from shared.worker.housekeeping import keep_house
from shared.worker.renewing import Renewer
from shared.worker.retention import Keeper

log = logging.getLogger(__name__)

Sweep = Callable[[Hotline, int], Awaitable[None]]

POLL_SECONDS = 0.05
REDIS_PAUSE_SECONDS = 1.0
DATABASE_PAUSE_SECONDS = (0.05, 0.5)  # a connection lost costs little, a server away waits longer
HOUSEKEEPING_SECONDS = 60.0
CALLBACK_SECONDS = 1.0
CHAIN_SECONDS = 1.0


@dataclass(slots=True)
class WorkerProcess:
    """`handlers` by subscriber, of all services; `sender` takes deliveries to other systems.

    `sweeps`: what the services do from time to time without being told, bureau by bureau.
    """

    hotline: Hotline
    handlers: Mapping[str, Handler]
    sender: Sender
    sweeps: Sequence[Sweep] = ()

    async def run(self) -> None:
        """Until cancelled. Losing Redis costs the ring only: every sweep drains what is owed."""
        wanted = asyncio.Event()
        self.hotline.ring = wanted.set
        sweep = self.hotline.settings.sweep_seconds
        heart = Heartbeat.open(self.hotline)
        watch = partial(watched, heart)
        chainer = Chainer(self.hotline)
        drain_all = watch("drain", partial(self._drain, heart.hold))
        try:
            await heart.look(self.hotline)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(heart.run(self.hotline))
                tasks.create_task(listen(self.hotline, wanted))
                tasks.create_task(repeat(drain_all, wanted=wanted, seconds=sweep))
                tasks.create_task(repeat(watch("alarms", self._ring_alarms), seconds=sweep))
                for one in self.sweeps:
                    work = watch(name_of(one), partial(self._sweep, one))
                    tasks.create_task(repeat(work, seconds=sweep))
                board = Switchboard(self.hotline, self.sender)
                call = watch("callbacks", partial(board.look, tasks))
                tasks.create_task(repeat(call, seconds=CALLBACK_SECONDS))
                link = watch("audit", chainer.look)
                tasks.create_task(repeat(link, seconds=CHAIN_SECONDS))
                renew = watch("keys", Renewer(self.hotline).look)
                tasks.create_task(repeat(renew, seconds=HOUSEKEEPING_SECONDS))
                erase = watch("retention", Keeper(self.hotline).look)
                tasks.create_task(repeat(erase, seconds=HOUSEKEEPING_SECONDS))
                keep = watch("housekeeping", self._keep_house)
                tasks.create_task(repeat(keep, seconds=HOUSEKEEPING_SECONDS))
        finally:
            await chainer.close()
            await heart.leave()

    async def _drain(self, hold: Hold = hold_nothing) -> None:
        for bureau in await self.hotline.bureaus():
            await drain(self.hotline, bureau, self.handlers, hold=hold)

    async def _sweep(self, sweep: Sweep) -> None:
        """What a sweep trips over in one bureau is told once the others have been seen to."""
        failed: Exception | None = None
        for bureau in await self.hotline.bureaus():
            try:
                await sweep(self.hotline, bureau)
            except Unavailable:
                raise
            except Exception as error:
                failed = error
                log.exception("bureau left out", extra={"bureau": bureau})
        if failed is not None:
            raise failed

    async def _ring_alarms(self) -> None:
        for bureau in await self.hotline.bureaus():
            more = True
            while more:
                async with self.hotline.ledger(bureau) as ledger:
                    more = await run_alarms(ledger, ledger.now)
                    if not more:
                        await freeze_due_months(ledger, ledger.now)

    async def _keep_house(self) -> None:
        for bureau in await self.hotline.bureaus():
            async with self.hotline.ledger(bureau) as ledger:
                days = self.hotline.settings.callback_log_days
                await keep_house(ledger.tx, callback_log_days=days)


def watched(
    heart: Heartbeat, name: str, work: Callable[[], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """What `work` trips over is told, and ends neither it nor the others: it is tried again."""

    async def run() -> None:
        try:
            await work()
        except Unavailable:
            raise
        except Exception as error:
            heart.fail(name, error)
            log.exception("sweep failed", extra={"sweep": name, "kind": describe(error)})
        else:
            heart.succeed(name)

    return run


def name_of(sweep: Sweep) -> str:
    return str(getattr(getattr(sweep, "func", sweep), "__name__", "sweep"))


async def repeat(
    work: Callable[[], Awaitable[None]], *, seconds: float, wanted: asyncio.Event | None = None
) -> None:
    """Every so often, and at once when wanted. Postgres away is waited out."""
    wanted = wanted or asyncio.Event()
    pause, longest = DATABASE_PAUSE_SECONDS
    while True:
        wanted.clear()
        try:
            await work()
        except Unavailable:
            log.warning("database away, waiting")
            await asyncio.sleep(pause)
            pause = min(pause * 2, longest)
            continue
        pause, _ = DATABASE_PAUSE_SECONDS
        try:
            async with asyncio.timeout(seconds):
                await wanted.wait()
        except TimeoutError:
            continue


async def listen(hotline: Hotline, wanted: asyncio.Event) -> None:
    """Hears rings through arq. Its worker dies with Redis (it exits): begin again."""

    async def hear(_: dict[str, Any]) -> None:
        wanted.set()

    while True:
        worker = Worker(
            functions=[func(hear, name=JOB, max_tries=1)],  # type: ignore[arg-type]
            queue_name=QUEUE,
            redis_settings=redis_settings(hotline.settings.redis_url),
            handle_signals=False,
            poll_delay=POLL_SECONDS,
            job_timeout=5,
            keep_result=0,
            job_serializer=orjson.dumps,
            job_deserializer=orjson.loads,
        )
        try:
            await worker.async_run()
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("redis away, sweeping only", extra={"kind": type(error).__name__})
        await close(worker)
        await asyncio.sleep(REDIS_PAUSE_SECONDS)


async def close(worker: Worker) -> None:
    try:
        await worker.close()
    except (RedisError, OSError, TimeoutError, AttributeError):
        log.debug("worker was closed already")
