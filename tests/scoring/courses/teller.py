"""One ticket's history in the making: what is said, when it happened and when it was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from shared.domain.actor import Actor
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import Event, ReturnedUpstream, TicketMerged, TicketVoided
from shared.domain.words import Role, Trade

T = TypeVar("T")
PLAN = "plan-1"
UNITS = {
    Trade.SANITATION: ("sanitation-section", "sanitation-centre", "chengfa-sanitation"),
    Trade.GREENING: ("greening-section", "greening-centre", "chengfa-greening"),
    Trade.APPEARANCE: ("appearance-section",),
    Trade.LANDSCAPE: ("landscape-section",),
}
CATEGORIES = {
    Trade.SANITATION: ("S-01", "S-02", "S-05"),
    Trade.GREENING: ("G-01", "G-02"),
    Trade.APPEARANCE: ("A-01",),
    Trade.LANDSCAPE: ("L-01",),
}
STREETS = ("共和新路街道", "大宁路街道", "彭浦镇", None)
SECTIONS = ("环卫科", "作业一科", None)
EXECUTORS = ("李工", "王工", "赵/钱")
ENDINGS = (TicketVoided, TicketMerged, ReturnedUpstream)
FIRST = datetime(2026, 8, 27, tzinfo=CITY_ZONE)
LAST = datetime(2026, 12, 24, tzinfo=CITY_ZONE)
END = datetime(2027, 1, 31, 12, tzinfo=CITY_ZONE)


@dataclass(frozen=True)
class Step:
    event: Event
    occurred_at: datetime
    recorded_at: datetime
    by: Actor


class Teller:
    """`now` only goes forward; what is recorded late happened before it."""

    def __init__(self, number: int, others: Sequence[str]) -> None:
        self.random = Random(number)  # the same number, the same history
        self.others = others
        self.now = FIRST + self.seconds(LAST - FIRST)
        self.received_at = self.now
        self.no = f"T{self.now:%Y%m%d}-{number:06d}"
        self.number = number
        self.steps: list[Step] = []
        self.need_reply = not self.chance(0.12)
        self.is_anonymous = self.chance(0.2)
        self.has_phone = not self.is_anonymous or self.chance(0.5)
        self.round = 1
        self.trade = Trade.SANITATION
        self.unit = ""
        self.is_completed = False
        self.is_ended = False
        self.waits_for: set[tuple[str, int]] = set()

    @property
    def has_nobody(self) -> bool:
        return self.is_anonymous and not self.has_phone

    @property
    def is_over(self) -> bool:
        """The year of the tests ends somewhere; what is then still open stays so."""
        return self.now >= END

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def pick(self, values: Sequence[T], weights: Sequence[int] | None = None) -> T:
        return self.random.choices(values, weights)[0]

    def seconds(self, most: timedelta) -> timedelta:
        return timedelta(seconds=self.random.randrange(max(1, int(most.total_seconds()))))

    def wait(self, **most: float) -> None:
        self.now += self.seconds(timedelta(**most))

    def say(self, event: Event, *, happened: datetime | None = None, by: Role = Role.DESK) -> None:
        """Now and then recorded some time after it happened."""
        if self.is_over or self.is_ended:
            return
        if self.chance(0.02):
            event = replace(event, emergency=PLAN)
        at = happened or self.now
        if happened is None and self.chance(0.15):
            at = max(self.received_at, self.now - self.seconds(timedelta(days=1)))
        micro = timedelta(microseconds=self.random.randrange(1_000_000))
        recorded = max([self.now + micro, *(step.recorded_at for step in self.steps[-1:])])
        if self.steps and self.chance(0.01):  # the server's clock was set back
            recorded -= self.seconds(timedelta(hours=3))
        self.steps.append(Step(event, at, recorded, Actor(by, by.value)))
        self.is_ended = isinstance(event, ENDINGS)

    def one_of(self, **chances: float) -> str:
        return self.pick(tuple(chances), [int(chance * 1000) for chance in chances.values()])
