"""The storm over the control: the same platforms and faults, and what is missing afterwards."""

import asyncio
import base64
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.storm.control.consumer import JOB_TIMEOUT_SECONDS
from tests.storm.control.stage import ControlStage, open_control
from tests.storm.edition import Edition
from tests.storm.faults.killing import Kill
from tests.storm.faults.postgres import Restart, Terminate
from tests.storm.faults.redis import Away, Flush
from tests.storm.faults.schedule import Schedule
from tests.storm.plan import SOURCES, Plan, make_plans
from tests.storm.sender import Letter, Sender
from tests.storm.stage import BEGAN

SENDERS = 12
# No faster than our own handles them, and so that the storm lasts.
TICKETS_A_SECOND = 60.0
LIFE_SECONDS = 0.1  # of CPU; it needs less of it than our own
LOCK_SECONDS = JOB_TIMEOUT_SECONDS + 10  # of a killed worker's jobs; waited out in its favour
HANDLED = "SELECT webhook_id, upstream_no, revision, job_id FROM handled ORDER BY place"


@dataclass(frozen=True)
class Outcome:
    """`rerun`: those of the doubled whose job itself ran twice, its worker having been killed.

    `disorder`: messages of a ticket handled after a later one of the same.
    """

    acknowledged: int
    lost: int
    doubled: int
    rerun: int
    disorder: int
    settle_seconds: float
    seconds: float
    faults: tuple[tuple[str, int, int], ...]


async def run_control(edition: Edition, folder: Path) -> Outcome:
    async with open_control(folder, seed=edition.seed) as stage:
        secret = "whsec_" + base64.b64encode(b"control").decode()
        sender = Sender(stage.door, dict.fromkeys(SOURCES, secret))
        sent = 0

        def progress() -> float:
            return sent / edition.tickets

        schedule = Schedule(edition.seed, progress)
        raise_faults(stage, schedule, edition)
        looking = asyncio.create_task(look(stage))
        began = time.monotonic()

        async def send(waiting: Iterator[tuple[int, Plan]]) -> None:
            nonlocal sent
            for number, plan in waiting:
                await asyncio.sleep(began + number / TICKETS_A_SECOND - time.monotonic())
                await sender.send_ticket(plan, BEGAN.isoformat())
                sent += 1

        waiting = enumerate(make_plans(edition.seed, edition.tickets))
        async with asyncio.TaskGroup() as tasks:
            for _ in range(SENDERS):
                tasks.create_task(send(waiting))
        await schedule.stop()
        looking.cancel()
        await settle(stage)
        ended = time.monotonic()
        tallies = schedule.tallies.values()
        faults = tuple((one.label, one.struck, one.hit) for one in tallies)
        return reckon(
            sender.letters,
            [tuple(row) for row in await stage.watch.fetch(HANDLED)],
            settle_seconds=ended - schedule.last_at,
            seconds=ended - began,
            faults=faults,
        )


def raise_faults(stage: ControlStage, schedule: Schedule, edition: Edition) -> None:
    """Those of our own storm that mean anything to it, as often."""

    def chance(name: str) -> random.Random:
        return random.Random(f"{edition.seed}:{name}")

    for worker in stage.workers:
        label = f"kill -9 {worker.name}"
        kill = Kill(label, stage, [worker], chance(worker.name), life=LIFE_SECONDS)
        schedule.every(edition.worker_seconds * 2, kill)
    kill = Kill("kill -9 接口进程", stage, stage.services, chance("services"), life=LIFE_SECONDS)
    schedule.every(edition.service_seconds, kill)
    schedule.times(edition.times, Flush("FLUSHALL", stage))
    away = Away("Redis 离开后空着回来", stage, edition.away_seconds, chance("away"))
    schedule.times(edition.rare_times, away)
    schedule.times(edition.times, Terminate("中断数据库会话", stage.watch, chance("terminate")))
    schedule.times(edition.rare_times, Restart("Postgres 立即重启", stage, stage.watch))


async def look(stage: ControlStage) -> None:
    """Keeps in mind how many jobs there were, for when Redis is away."""
    while True:
        await stage.queued()
        await asyncio.sleep(0.05)


async def settle(stage: ControlStage) -> None:
    """Until Redis knows of no job any more, or has kept them longer than any lock lasts."""
    until = time.monotonic() + LOCK_SECONDS + 3
    while await stage.queued():
        if time.monotonic() > until:
            return
        await asyncio.sleep(0.1)


def reckon(
    letters: list[Letter],
    handled: list[tuple[str, str, int | None, str]],
    *,
    settle_seconds: float,
    seconds: float,
    faults: tuple[tuple[str, int, int], ...],
) -> Outcome:
    """What was acknowledged beside what was done."""
    wanted = {one.webhook_id for one in letters if one.is_acknowledged and one.end == "applied"}
    times = Counter(webhook_id for webhook_id, *_ in handled)
    jobs = Counter((webhook_id, job_id) for webhook_id, *_, job_id in handled)
    latest: dict[str, int] = {}
    disorder = 0
    for _, upstream_no, revision, _ in handled:
        if revision is None:
            continue
        disorder += revision < latest.get(upstream_no, 0)
        latest[upstream_no] = max(revision, latest.get(upstream_no, 0))
    return Outcome(
        acknowledged=len(wanted),
        lost=len(wanted - times.keys()),
        doubled=sum(times[one] > 1 for one in wanted),
        rerun=sum(ran > 1 and one in wanted for (one, _), ran in jobs.items()),
        disorder=disorder,
        settle_seconds=settle_seconds,
        seconds=seconds,
        faults=faults,
    )
