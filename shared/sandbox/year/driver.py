"""The year driven: from sitting to sitting of the virtual clock, all calls of a sitting at once."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from shared.domain.calendar import CITY_ZONE
from shared.sandbox.year import caller
from shared.sandbox.year.caller import Caller, DemoStopped
from shared.sandbox.year.ready import read_stack
from shared.sandbox.year.steps import Step, YearPlan

START = datetime(2022, 1, 1, tzinfo=CITY_ZONE)
CONNECTIONS = 12
SITTING_SECONDS = 120.0
SETTLE_SECONDS = 120
Watch = Callable[[int, datetime], None]


@dataclass(frozen=True, slots=True)
class Drive:
    """How it went: calls made, sittings of the clock, real seconds, the driver's own CPU."""

    calls: int
    sittings: int
    seconds: float
    cpu_seconds: float


def drive_year(
    plan: YearPlan,
    ready: Mapping[str, Any],
    *,
    console: Console | None = None,
) -> Drive:
    """Takes every ticket of the plan through its course at the stack of the ready file.

    Raises `DemoStopped`, in Chinese and naming the call, at the first answer that was not planned.
    """
    if console is None:
        return asyncio.run(_drive(plan, ready, watch=lambda calls, now: None))
    if not console.is_terminal:
        return asyncio.run(_drive(plan, ready, watch=_MonthlyLine(console)))
    with _progress_bar(console) as progress:
        task = progress.add_task(f"{START:%Y-%m-%d}", total=plan.calls)

        def watch(calls: int, now: datetime) -> None:
            progress.update(task, completed=calls, description=f"{now:%Y-%m-%d}")

        return asyncio.run(_drive(plan, ready, watch=watch))


async def _drive(plan: YearPlan, ready: Mapping[str, Any], *, watch: Watch) -> Drive:
    started, cpu = time.perf_counter(), time.process_time()
    sittings = _by_sitting(plan)
    tickets = [caller.Progress(ticket, n) for n, ticket in enumerate(plan.tickets, start=1)]
    calling = Caller(read_stack(ready), connections=CONNECTIONS)
    calls = 0
    try:
        await calling.set_clock(START)
        for now in sorted(sittings):
            await calling.set_clock(now)
            calls += await _sit(calling, sittings[now], tickets)
            watch(calls, now)
        await calling.settle(SETTLE_SECONDS)
    except (OSError, TimeoutError) as error:
        raise DemoStopped(f"与服务的连接中断：{str(error) or '等待超时'}") from error
    finally:
        calling.close()
    seconds, spent = time.perf_counter() - started, time.process_time() - cpu
    return Drive(calls, len(sittings), seconds, spent)


@dataclass(slots=True)
class _Sitting:
    """What is sent at one instant: steps by ticket (position in the plan), and rank messages."""

    steps: dict[int, list[Step]]
    ranks: list[Step]


def _by_sitting(plan: YearPlan) -> Mapping[datetime, _Sitting]:
    sittings: dict[datetime, _Sitting] = defaultdict(lambda: _Sitting({}, []))
    for n, ticket in enumerate(plan.tickets):
        for step in ticket.steps:
            sittings[step.now].steps.setdefault(n, []).append(step)
    for step in plan.ranks:
        sittings[step.now].ranks.append(step)
    return sittings


async def _sit(calling: Caller, sitting: _Sitting, tickets: list[caller.Progress]) -> int:
    """All calls of one sitting; a ticket's own stay in order."""

    async def take(ticket: caller.Progress, steps: list[Step]) -> None:
        for step in steps:
            await calling.make(ticket, step)

    async def publish(step: Step) -> None:
        await calling.tell(step, f"sim-2022-rank-{step.body['period']}")

    try:
        async with asyncio.timeout(SITTING_SECONDS), asyncio.TaskGroup() as group:
            for n, steps in sitting.steps.items():
                group.create_task(take(tickets[n], steps))
            for step in sitting.ranks:
                group.create_task(publish(step))
    except* (DemoStopped, OSError) as failures:
        raise _first(failures) from None
    return sum(map(len, sitting.steps.values())) + len(sitting.ranks)


def _first(failures: BaseExceptionGroup[Any]) -> BaseException:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _progress_bar(console: Console) -> Progress:
    return Progress(
        TextColumn("回放 2022 年（模拟数据）"),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} 次调用"),
        TimeRemainingColumn(),
        console=console,
        refresh_per_second=4,
    )


class _MonthlyLine:
    """Progress where no terminal is: one line a month."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._month = 0

    def __call__(self, calls: int, now: datetime) -> None:
        if now.month != self._month:
            self._month = now.month
            self._console.print(f"回放至 {now:%Y 年 %m 月}，已完成 {calls} 次调用", highlight=False)
