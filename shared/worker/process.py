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
from shared.worker.callbacks import Sender, drain_callbacks
from shared.worker.deliveries import Handler, drain
from shared.worker.failures import describe
from shared.worker.housekeeping import keep_house
from shared.worker.pulse import Pulse

log = logging.getLogger(__name__)

Sweep = Callable[[Hotline, int], Awaitable[None]]

POLL_SECONDS = 0.05
REDIS_PAUSE_SECONDS = 1.0
DATABASE_PAUSE_SECONDS = 0.5
HOUSEKEEPING_SECONDS = 60.0
CALLBACK_SECONDS = 1.0


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
        pulse = Pulse.open(self.hotline)
        watch = partial(watched, self.hotline, pulse)
        drain_all = watch("drain", partial(self._drain, pulse))
        try:
            await pulse.look(self.hotline)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(pulse.run(self.hotline))
                tasks.create_task(listen(self.hotline, wanted))
                tasks.create_task(repeat(drain_all, wanted=wanted, seconds=sweep))
                tasks.create_task(repeat(watch("alarms", self._ring_alarms), seconds=sweep))
                for one in self.sweeps:
                    work = watch(name_of(one), partial(one, self.hotline))
                    tasks.create_task(repeat(work, seconds=sweep))
                call_back = watch("callbacks", self._call_back)
                tasks.create_task(repeat(call_back, seconds=CALLBACK_SECONDS))
                keep = watch("housekeeping", self._keep_house)
                tasks.create_task(repeat(keep, seconds=HOUSEKEEPING_SECONDS))
        finally:
            await pulse.leave()

    async def _drain(self, pulse: Pulse, bureau: int) -> None:
        await drain(self.hotline, bureau, self.handlers, hold=pulse.hold)
        pulse.drained()

    async def _call_back(self, bureau: int) -> None:
        await drain_callbacks(self.hotline, bureau, self.sender)

    async def _ring_alarms(self, bureau: int) -> None:
        more = True
        while more:
            async with self.hotline.ledger(bureau) as ledger:
                more = await run_alarms(ledger, ledger.now)
                if not more:
                    await freeze_due_months(ledger, ledger.now)

    async def _keep_house(self, bureau: int) -> None:
        async with self.hotline.ledger(bureau) as ledger:
            await keep_house(ledger.tx)


def watched(
    hotline: Hotline, pulse: Pulse, name: str, work: Callable[[int], Awaitable[None]]
) -> Callable[[], Awaitable[None]]:
    """`work` for every bureau. What it trips over is told, and ends neither it nor the others."""

    async def run() -> None:
        failed = False
        for bureau in await hotline.bureaus():
            try:
                await work(bureau)
            except Unavailable:
                raise
            except Exception as error:
                failed = True
                pulse.fail(name, error)
                log.exception("sweep failed", extra={"sweep": name, "kind": describe(error)})
        if not failed:
            pulse.succeed(name)

    return run


def name_of(sweep: Sweep) -> str:
    return str(getattr(sweep, "__name__", "sweep"))


async def repeat(
    work: Callable[[], Awaitable[None]], *, seconds: float, wanted: asyncio.Event | None = None
) -> None:
    """Every so often, and at once when wanted. Postgres away is waited out."""
    wanted = wanted or asyncio.Event()
    while True:
        wanted.clear()
        try:
            await work()
        except Unavailable:
            log.warning("database away, waiting")
            await asyncio.sleep(DATABASE_PAUSE_SECONDS)
            continue
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
