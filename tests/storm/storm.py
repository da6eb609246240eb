"""One storm: many callers at once send and handle tickets under faults, until all is settled."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.storm.desk import Desk, course_of
from tests.storm.edition import Edition
from tests.storm.faults.clock import Jump
from tests.storm.faults.killing import Kill
from tests.storm.faults.poison import Poison
from tests.storm.faults.postgres import Restart, SlowLock, Terminate
from tests.storm.faults.redis import Away, Flush
from tests.storm.faults.schedule import Schedule
from tests.storm.follower import Follower
from tests.storm.plan import SUBSCRIBER, Plan, make_plans
from tests.storm.receiver import Receiver
from tests.storm.registering import hearing
from tests.storm.sender import Sender
from tests.storm.settling import Owed, look, settle
from tests.storm.stage import BEGAN, Stage, open_stage

BOARD_SECONDS = 0.1
MOST_HELD = 8  # tickets held by a slow lock
MOST_SECONDS, TELL_SECONDS = 1200.0, 10.0
SENDERS = 12  # of the callers; the others are desk and units


@dataclass
class Storm:
    """Everybody who takes part, with the ledgers they kept, and how long it took."""

    edition: Edition
    stage: Stage
    plans: dict[str, Plan]
    sender: Sender
    desk: Desk
    follower: Follower
    receiver: Receiver
    schedule: Schedule
    poison: Poison
    new: "asyncio.Queue[tuple[str, str]]"
    done: int = 0
    owed: Owed | None = None
    seconds: float = 0.0
    settle_seconds: float = 0.0

    @property
    def progress(self) -> float:
        return self.done / len(self.plans)

    def find_under_way(self) -> list[str]:
        """Tickets that somebody acts on just now."""
        found = [no for name, no in self.desk.numbers.items() if not self._is_done(name)]
        return found[-MOST_HELD:]

    def _is_done(self, upstream_no: str) -> bool:
        course = self.desk.courses.get(upstream_no, ())
        wanted = list(course_of(self.plans[upstream_no]))
        return len(course) == len(wanted) and all(act.is_acknowledged for act in course)


@asynccontextmanager
async def prepare(edition: Edition, folder: Path) -> AsyncIterator[Storm]:
    async with open_stage(folder, seed=edition.seed) as stage:
        new: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        keys = {**stage.secrets.keys, **stage.secrets.unit_keys}
        secrets = dict(stage.secrets.sources)
        dispatch = stage.doors["dispatch"]
        storm = Storm(
            edition,
            stage,
            {plan.upstream_no: plan for plan in make_plans(edition.seed, edition.tickets)},
            Sender(stage.doors["intake"], secrets),
            Desk(dispatch, keys),
            Follower(dispatch, keys["desk"], lambda *told: new.put_nowait(told)),
            Receiver(edition.seed, secrets, edition.rare_times, edition.rare_times),
            Schedule(edition.seed, lambda: storm.progress),
            Poison("毒件（处理必败的投递）", stage.watch),
            new,
        )
        async with hearing(storm.receiver, storm.sender, dispatch, keys[SUBSCRIBER]):
            yield storm


async def run(storm: Storm) -> None:
    """Until every ticket has gone its way and nothing is owed."""
    began = time.monotonic()
    following = asyncio.create_task(storm.follower.follow())
    reading = asyncio.create_task(read_scores(storm))
    raise_faults(storm)
    callers = storm.edition.callers
    waiting = iter(storm.plans.values())
    room = asyncio.Semaphore(storm.edition.ahead)
    handlers = [asyncio.create_task(handle(storm, room)) for _ in range(callers - SENDERS)]
    senders = [asyncio.create_task(send(storm, waiting, room)) for _ in range(SENDERS)]
    await wait_for_courses(storm, (*handlers, following, reading, *senders), began)
    await storm.schedule.stop()
    calm = time.monotonic()
    storm.owed = await settle(storm.stage, lambda: has_read_all(storm))
    ended = time.monotonic()
    storm.settle_seconds = ended - min(calm, storm.schedule.last_at)
    storm.seconds = ended - began
    for task in (*senders, *handlers, following, reading):
        task.cancel()
    await asyncio.gather(*senders, *handlers, following, reading, return_exceptions=True)


async def wait_for_courses(
    storm: Storm, tasks: Sequence["asyncio.Task[None]"], began: float
) -> None:
    """Told now and then how far it is; what is not done in time is found wanting afterwards."""
    told = began
    while storm.done < len(storm.plans):
        for task in tasks:
            if task.done():
                task.result()
        now = time.monotonic()
        if now - began > MOST_SECONDS:
            return
        if now - told > TELL_SECONDS:
            told = now
            owed = await look(storm.stage)
            sys.stderr.write(f"{now - began:4.0f}s {storm.done}/{len(storm.plans)} {owed}\n")
        await asyncio.sleep(0.05)


def has_read_all(storm: Storm) -> bool:
    """The follower came to the end: what comes later is asked for in the reckoning."""
    return storm.follower.is_at_end


async def send(storm: Storm, waiting: Iterator[Plan], room: asyncio.Semaphore) -> None:
    for plan in waiting:
        await room.acquire()
        await storm.sender.send_ticket(plan, BEGAN.isoformat())


async def handle(storm: Storm, room: asyncio.Semaphore) -> None:
    """Takes up whatever ticket the feed tells of next."""
    while True:
        upstream_no, no = await storm.new.get()
        await storm.desk.take_course(storm.plans[upstream_no], no)
        storm.done += 1
        room.release()


async def read_scores(storm: Storm) -> None:
    """Somebody always looks at the board."""
    door, key = storm.stage.doors["scoring"], storm.stage.secrets.keys["bi"]
    while True:
        for by in ("unit", "street", "source"):
            path = f"/v1/scores?period={BEGAN:%Y-%m}&by={by}"
            await door.call("GET", path, {"authorization": f"Bearer {key}"})
            await asyncio.sleep(BOARD_SECONDS)


def raise_faults(storm: Storm) -> None:
    stage, edition, schedule = storm.stage, storm.edition, storm.schedule

    def chance(name: str) -> random.Random:
        return random.Random(f"{edition.seed}:{name}")

    for worker, label in zip(stage.workers, ("旧版后台进程", "新版后台进程"), strict=True):
        kill = Kill(f"kill -9 {label}", stage, [worker], chance(worker.name))
        schedule.every(edition.worker_seconds * 2, kill)
    kill = Kill("kill -9 接口进程", stage, stage.services, chance("services"))
    schedule.every(edition.service_seconds, kill)
    schedule.times(edition.times, Flush("FLUSHALL", stage))
    away = Away("Redis 离开后空着回来", stage, edition.away_seconds, chance("away"))
    schedule.times(edition.rare_times, away)
    schedule.times(edition.times, Terminate("中断数据库会话", stage.watch, chance("terminate")))
    schedule.times(edition.rare_times, Restart("Postgres 立即重启", stage, stage.watch))
    slow = SlowLock("长时间占住工单", stage.watch, storm.find_under_way, 1.5)
    schedule.times(edition.times, slow)
    schedule.times(edition.times, Jump("时钟跳跃", stage.doors["dispatch"], chance("clock")))
    schedule.times(edition.times, storm.poison)
