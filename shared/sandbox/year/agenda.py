"""When people act: the sittings of the year, and the instants units work at in between.

The virtual clock moves from sitting to sitting; all that happens at one sitting is sent together.
On workdays there are six, close enough for every two-working-hour limit; in the spring lockdown
the desk and the units also work early, late and at weekends (06:00–24:00).
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from shared.domain.calendar import CITY_ZONE, WorkCalendar

FIRST_DAY = date(2022, 1, 1)
LAST_DAY = date(2022, 12, 31)
PLANNED_UNTIL = date(2023, 1, 20)
LOCKDOWN = (date(2022, 3, 28), date(2022, 5, 31))
WORKDAY_SITTINGS = (
    time(9, 8),
    time(10, 38),
    time(13, 22),
    time(14, 52),
    time(16, 22),
    time(17, 20),
)
LOCKDOWN_SITTINGS = (time(6, 40), time(19, 40), time(21, 40), time(23, 20))
LOCKDOWN_WEEKEND = (time(9, 40), time(12, 10), time(15, 10), time(17, 40))
JITTER_MINUTES = 4


@dataclass(frozen=True, slots=True)
class Agenda:
    """The sittings in order, and the calendar that dates limits."""

    sittings: tuple[datetime, ...]
    calendar: WorkCalendar

    def index_after(self, at: datetime) -> int:
        """The first sitting strictly after `at`."""
        return bisect_right(self.sittings, at)

    def index_before(self, at: datetime) -> int:
        """The last sitting at or before `at`."""
        return bisect_right(self.sittings, at) - 1

    def on(self, day: date) -> tuple[datetime, ...]:
        start = datetime.combine(day, time(), CITY_ZONE)
        low = bisect_left(self.sittings, start)
        return self.sittings[low : bisect_left(self.sittings, start + timedelta(days=1))]


def is_lockdown(day: date) -> bool:
    return LOCKDOWN[0] <= day <= LOCKDOWN[1]


def days_between(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def make_agenda(calendar: WorkCalendar, rng: Random) -> Agenda:
    sittings: list[datetime] = []
    for day in days_between(FIRST_DAY, PLANNED_UNTIL):
        for clock in _clocks_of(day, calendar):
            shift = timedelta(minutes=rng.randint(-JITTER_MINUTES, JITTER_MINUTES))
            sittings.append(datetime.combine(day, clock, CITY_ZONE) + shift)
    return Agenda(tuple(sorted(sittings)), calendar)


def _clocks_of(day: date, calendar: WorkCalendar) -> tuple[time, ...]:
    clocks: tuple[time, ...] = WORKDAY_SITTINGS if calendar.is_workday(day) else ()
    if is_lockdown(day):
        clocks += LOCKDOWN_SITTINGS if clocks else LOCKDOWN_SITTINGS + LOCKDOWN_WEEKEND
    return clocks
