"""When tickets come: so many a month, mostly on workdays, urgent ones at any hour of duty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.sandbox.year.agenda import FIRST_DAY, Agenda, days_between, is_lockdown
from shared.sandbox.year.limits import unit_due, workdays_allowed

MONTHLY = (112, 92, 138, 152, 158, 166, 190, 186, 160, 142, 150, 116)
LAST_ARRIVAL = date(2022, 12, 28)
YEAR_END_DUE = datetime(2022, 12, 30, 23, 59, 59, tzinfo=CITY_ZONE)
OFF_DAY_PUSHES = (time(10, 20), time(15, 40))
DAY_WEIGHTS = {"workday": 100, "lockdown": 80, "off": 20}
SITTINGS_NEEDED = 3


@dataclass(frozen=True, slots=True)
class Arrival:
    """Received by the platform, dispatched to the bureau, pushed by webhook: in that order."""

    received_at: datetime
    dispatched_at: datetime
    pushed_at: datetime


def share_out(total: int, weights: Iterable[int]) -> tuple[int, ...]:
    """`total` split by weight, largest remainders first, so that the parts add up exactly."""
    parts = tuple(weights)
    whole = sum(parts)
    shares = [total * part // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda n: (-(total * parts[n] % whole), n))
    for n in by_remainder[: total - sum(shares)]:
        shares[n] += 1
    return tuple(shares)


class Arrivals:
    """Draws arrivals that leave the bureau a fair chance: short limits not before a weekend."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._days: Mapping[int, tuple[tuple[date, ...], tuple[int, ...]]] = {
            month: _days_of(month, agenda.calendar) for month in range(1, 13)
        }

    def draw(self, rng: Random, month: int, appeal_type: str) -> Arrival:
        while True:
            arrival = self._draw_once(rng, month)
            if self.is_fair(arrival, appeal_type):
                return arrival

    def is_fair(self, arrival: Arrival, appeal_type: str) -> bool:
        """Whether triage, accept and feedback fit before the unit's limit, a sitting each."""
        workdays = workdays_allowed(appeal_type, "transfer", complex_approved=False)
        calendar = self._agenda.calendar
        due = min(calendar.end_of_workday_after(arrival.dispatched_at, workdays), YEAR_END_DUE)
        latest = unit_due(calendar, arrival.dispatched_at, due, workdays=workdays)
        feedback = self._agenda.index_after(arrival.pushed_at) + SITTINGS_NEEDED
        return self._agenda.sittings[feedback] <= latest

    def _draw_once(self, rng: Random, month: int) -> Arrival:
        days, weights = self._days[month]
        day = rng.choices(days, weights)[0]
        pushed = self._push_time(rng, day)
        dispatched = pushed - timedelta(minutes=rng.randint(1, 4), seconds=rng.randrange(60))
        return Arrival(_received(rng, day, dispatched), dispatched, pushed)

    def _push_time(self, rng: Random, day: date) -> datetime:
        sittings = self._agenda.on(day)
        if sittings:
            return rng.choices(sittings, [3, *(2 for _ in sittings[1:])])[0]
        return datetime.combine(day, rng.choice(OFF_DAY_PUSHES), CITY_ZONE)


def hasten(rng: Random, arrival: Arrival) -> Arrival:
    """The same push for an urgent matter: the platform passes it on within minutes."""
    received = arrival.dispatched_at - timedelta(minutes=rng.randint(3, 11))
    return Arrival(received, arrival.dispatched_at, arrival.pushed_at)


def _received(rng: Random, day: date, dispatched: datetime) -> datetime:
    """When the citizen called: this same day since the early morning, or last evening."""
    if rng.random() < 0.3 and day > FIRST_DAY:
        evening = datetime.combine(day - timedelta(days=1), time(17, 40), CITY_ZONE)
        received = evening + timedelta(minutes=rng.randrange(360), seconds=rng.randrange(60))
    else:
        morning = datetime.combine(day, time(5, 50), CITY_ZONE)
        gap = max(60.0, (dispatched - morning).total_seconds() - 600)
        received = morning + timedelta(seconds=int(rng.uniform(0, gap)))
    return min(received, dispatched - timedelta(minutes=3))


def _days_of(month: int, calendar: WorkCalendar) -> tuple[tuple[date, ...], tuple[int, ...]]:
    first = date(2022, month, 1)
    last = min(date(2022 + month // 12, month % 12 + 1, 1) - timedelta(days=1), LAST_ARRIVAL)
    days = days_between(first, last)
    return days, tuple(DAY_WEIGHTS[_kind_of(day, calendar)] for day in days)


def _kind_of(day: date, calendar: WorkCalendar) -> str:
    if calendar.is_workday(day):
        return "workday"
    return "lockdown" if is_lockdown(day) else "off"
