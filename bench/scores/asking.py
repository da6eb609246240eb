"""Calls to the scoring service, each after one new event came in through the real door."""

import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.course import UNIT, Act, Office, plan_acts
from bench.messages import make_bodies
from bench.scores.resources import Meter

NEWS_AT = "2025-12-31T12:00:00+08:00"
MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]


@dataclass(frozen=True, slots=True)
class Probe:
    """`paths` gives a call's path by its number. `target`: what is asked of it, in ms."""

    name: str
    times: int
    paths: Callable[[int], str]
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds, ascending; CPU seconds of the service and of Postgres over all calls."""

    seconds: Sequence[float]
    app: float
    postgres: float

    @property
    def cpu(self) -> float:
        """Milliseconds a call, of both."""
        return (self.app + self.postgres) / len(self.seconds) * 1000

    @property
    def p50(self) -> float:
        return median(self.seconds) * 1000

    @property
    def p95(self) -> float:
        """In milliseconds; of a few calls the slowest."""
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * 0.95))] * 1000


class News:
    """Fresh tickets on their whole course, one event at a time, until it is folded."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.received = self.events = 0
        self._steps = self._take_steps()

    async def tell(self) -> None:
        await anext(self._steps)
        await self.office.settle()
        self.events += 1

    async def _take_steps(self) -> AsyncIterator[None]:
        while True:
            (name, body), *_ = make_bodies(1, NEWS_AT)
            no = await self.office.wait_for_ticket(await self.office.push(name, body))
            self.received += 1
            yield
            contact_id = ""
            for number, _ in enumerate(plan_acts()):
                act = self._act(number, contact_id)
                ticket = await self.office.act(no, act)
                if act.name == "contact":
                    contact_id = ticket["contacts"][0]["id"]
                yield

    def _act(self, number: int, contact_id: str) -> Act:
        return list(plan_acts(contact_id))[number]


async def time_calls(office: Office, news: News, probe: Probe) -> Timed:
    """Nothing is asked twice of the same state: there is an event between any two calls."""
    spent, meter = list[float](), Meter()
    for number in range(probe.times):
        await news.tell()
        path = probe.paths(number)
        with meter.running():
            began = time.perf_counter()
            answer = await office.scoring.call("GET", path, office.bearer("desk"))
            spent.append(time.perf_counter() - began)
        assert answer.status == 200, (path, answer)
    return Timed(sorted(spent), meter.app, meter.postgres)


async def intake_now(office: Office) -> int:
    sheet = await office.get(office.scoring, f"/v1/scores?period={MONTHS[-1]}&by=unit")
    return int(sheet["total"]["intake"])


def month_of(number: int) -> str:
    """Every other call asks for the month that the news fall into, the others go round."""
    return MONTHS[-1] if number % 2 else MONTHS[number // 2 % len(MONTHS)]


FIGURES: Sequence[Mapping[str, str]] = (
    {"metric": "on_time_completion_rate", "part": "den"},
    {"metric": "on_time_completion_rate", "part": "num", "key": UNIT},
    {"metric": "satisfaction_score", "part": "excluded"},
    {"metric": "satisfaction_score", "part": "excluded", "key": "greening-07"},
    {"metric": "first_contact_rate", "part": "den", "key": UNIT},
    {"metric": "first_contact_rate_ops", "part": "excluded"},
    {"metric": "timely_reply_rate", "part": "den"},
    {"metric": "timely_reply_rate", "part": "excluded", "key": "appearance-03"},
    {"metric": "overdue_count", "part": "num"},
    {"metric": "intake", "part": "den"},
    {"metric": "repeat_count", "part": "num"},
    {"metric": "rework_count", "part": "num", "key": UNIT},
)


def figure_path(number: int) -> str:
    figure = FIGURES[number % len(FIGURES)]
    asked = "&".join(f"{name}={value}" for name, value in figure.items())
    return f"/v1/scores/tickets?period={month_of(number // 2)}&by=unit&{asked}&limit=50"


def year_figure_path(number: int) -> str:
    """The same over a year, whose months have each an order of their own."""
    return figure_path(number).replace(
        f"period={month_of(number // 2)}", f"period={2024 + number % 2}"
    )


def past_path(number: int) -> str:
    """A year back, each time at another instant of the day."""
    dice = random.Random(number)
    known_at = f"2024-12-31T12:{dice.randrange(60):02}:{dice.randrange(60):02}Z"
    return f"/v1/scores?period={'2024-12' if number % 2 else '2024-11'}&by=unit&known_at={known_at}"


PROBES = (
    Probe("月度考核表，100 个单位", 60, lambda _: f"/v1/scores?period={MONTHS[-1]}&by=unit", 50),
    Probe("已冻结的月份，100 个单位", 24, lambda n: f"/v1/scores?period={MONTHS[n % 23]}&by=unit"),
    Probe("月度考核表，按承办人", 12, lambda n: f"/v1/scores?period={month_of(n)}&by=executor"),
    Probe("月度考核表，不计申诉", 12, lambda n: (
        f"/v1/scores?period={month_of(n)}&by=unit&adjusted=false"
    )),
    Probe("年度考核表，100 个单位", 12, lambda n: f"/v1/scores?period={2024 + n % 2}&by=unit"),
    Probe("一年前所知的月度考核表", 10, past_path, 2000),
    Probe("数字背后的工单，一页", 36, figure_path, 100),
    Probe("全年数字背后的工单，一页", 12, year_figure_path),
)  # fmt: skip


async def ask_all(ready: Mapping[str, Any]) -> dict[str, Timed]:
    """Every probe, and the proof that the news had come in before they were asked."""
    office = Office(ready, connections=1)
    news = News(office)
    await office.settle()  # what nobody froze has frozen by itself
    await news.tell()
    before, received = await intake_now(office), news.received
    found = {probe.name: await time_calls(office, news, probe) for probe in PROBES}
    assert await intake_now(office) == before + news.received - received
    office.close()
    return found
