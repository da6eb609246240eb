"""A second opinion on due times: a table of what every minute is worth, added up.

Imports nothing of ours and shares no idea with the engine: times are whole microseconds since a
local midnight, a deadline is found by looking into running totals. Every opening and closing is
at a whole minute, so inside a minute all is or nothing is worth counting.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "calendar"
BASE = datetime(2021, 12, 1)  # noqa: DTZ001 - local to Shanghai, which has no summer time
SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
DAYS = 3_100  # to the middle of 2030
OPENINGS = ((9 * 60, 12 * 60), (13 * 60, 17 * 60 + 30))
WINDOWS = {"08:30-17:30": (510, 1050), "06:00-24:00": (360, 1440)}


def _read_days() -> dict[date, bool]:
    return {
        date.fromisoformat(row["day"]): row["is_workday"]
        for path in FOLDER.glob("*.json")
        for row in json.loads(path.read_text("utf-8"))["days"]
    }


def _tables() -> tuple[list[bool], "array[int]", "array[int]"]:
    """Per day whether it is worked; per minute the worth before it, in workdays and in hours."""
    told = _read_days()
    worked = []
    whole, open_hours = array("b"), array("b")
    one_day = [0] * 1440
    for opens, closes in OPENINGS:
        one_day[opens:closes] = [1] * (closes - opens)
    for number in range(DAYS):
        day = (BASE + timedelta(days=number)).date()
        counts = told.get(day, day.isoweekday() not in (6, 7))
        worked.append(counts)
        whole.extend([int(counts)] * 1440)
        open_hours.extend(one_day if counts else [0] * 1440)
    return (
        worked,
        array("q", accumulate(whole, initial=0)),
        array("q", accumulate(open_hours, initial=0)),
    )


WORKED, WHOLE, OPEN = _tables()
DAY_TOTALS = list(accumulate(WORKED, initial=0))  # workdays before each day
LAST_WORKED = list(accumulate((n if WORKED[n] else 0 for n in range(DAYS)), max))
TOTALS = {"wd": WHOLE, "wh": OPEN}


def micros(at: datetime) -> int:
    """From a naive local time."""
    return (at - BASE) // timedelta(microseconds=1)


def worth(at: int, unit: str) -> int:
    """All that counted before `at`."""
    if unit not in TOTALS:
        return at
    total = TOTALS[unit]
    minute, rest = divmod(at, MINUTE)
    return total[minute] * MINUTE + (total[minute + 1] - total[minute]) * rest


def reach(amount: int, unit: str) -> int:
    """The first instant by which `amount` has counted."""
    if unit not in TOTALS:
        return amount
    total = TOTALS[unit]
    minute = bisect_left(total, -(-amount // MINUTE))
    return minute * MINUTE - (total[minute] * MINUTE - amount)


def end_of_workday(at: int, n: int) -> int:
    """23:59:59 of the nth workday after the day of `at`."""
    return bisect_left(DAY_TOTALS, DAY_TOTALS[at // DAY + 1] + n) * DAY - SECOND


def workday_before(at: int) -> int:
    """The same time of day, one workday back."""
    day, rest = divmod(at, DAY)
    return LAST_WORKED[day - 1] * DAY + rest


def opening(at: int, window: str) -> int:
    opens, closes = WINDOWS[window]
    day, rest = divmod(at, DAY)
    if opens * MINUTE <= rest < closes * MINUTE:
        return at
    later = rest >= closes * MINUTE
    return (day + later) * DAY + opens * MINUTE


SPANS = {"wh": HOUR, "min": MINUTE, "h": HOUR, "d": DAY}


def due(at: int, amount: int, unit: str, window: str) -> tuple[int, int]:
    """Start and due."""
    if unit == "wd":
        return at, end_of_workday(at, amount)
    if unit == "wh":
        return at, reach(worth(at, "wh") + amount * HOUR, "wh")
    start = opening(at, window) if unit in ("min", "h") else at
    return start, start + amount * SPANS[unit]


def quarter(start: int, end: int) -> int:
    """A quarter of the time there is, as a datetime would round it: to even."""
    span = max(end - start, 0)
    whole, rest = divmod(span, 4)
    return whole + (rest == 3 or (rest == 2 and whole % 2 == 1))


def unit_due(start: int, end: int) -> int:
    if end <= end_of_workday(start, 1):
        return end - quarter(start, end)
    return workday_before(end)


def warning(start: int, end: int) -> int:
    return max(workday_before(end), end - quarter(start, end))


def paused(start: int, end: int, pauses: list[tuple[int, int]], unit: str) -> int:
    """The due after the pauses: what is missing of the worth at `end` is made up for."""
    measure = unit if unit in TOTALS else "min"
    for begins, ends in pauses:
        if begins < end and ends > start:
            begins = max(begins, start)  # noqa: PLW2901
            left = worth(end, measure) - worth(begins, measure)
            moved = reach(worth(ends, measure) + left, measure) if left else ends
            end = max(end, moved)
    return end


def step(at: int, amount: int, unit: str, window: str) -> int:
    """The due found by walking there, a second or a minute at a time."""
    if unit == "wd":
        return _walk_days(at, amount)
    if unit in ("min", "h"):
        opens, closes = WINDOWS[window]
        while not opens * MINUTE <= at % DAY < closes * MINUTE:
            at += SECOND if at % MINUTE else MINUTE
    left = amount * SPANS[unit]
    counts: Callable[[int], bool] = _is_open if unit == "wh" else lambda _: True
    while left:
        pace = MINUTE if at % MINUTE == 0 and left >= MINUTE else SECOND
        left -= pace if counts(at) else 0
        at += pace
    return at


def _is_open(at: int) -> bool:
    day, rest = divmod(at, DAY)
    minute = rest // MINUTE
    return WORKED[day] and any(opens <= minute < closes for opens, closes in OPENINGS)


def _walk_days(at: int, amount: int) -> int:
    """Minute by minute; a midnight that opens a workday counts one."""
    at -= at % MINUTE
    while amount:
        at += MINUTE
        amount -= at % DAY == 0 and WORKED[at // DAY]
    while at % DAY != DAY - MINUTE:
        at += MINUTE
    return at + MINUTE - SECOND


def local(at: int) -> datetime:
    return BASE + timedelta(microseconds=at)


def at_local(day: str, clock: str = "00:00") -> int:
    return micros(datetime.combine(date.fromisoformat(day), time.fromisoformat(clock)))
