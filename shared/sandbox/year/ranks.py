"""The city's league table as the platform published it: imported, never computed."""

from datetime import date, datetime, time

from shared.domain.calendar import CITY_ZONE
from shared.sandbox.year.agenda import Agenda
from shared.sandbox.year.steps import Step

SCOPE = "全市绿化市容条线（模拟）"
BUREAUX = 16
SOURCE = "city-12345"
PUBLISHED_ON_WORKDAY = 7
TABLE = (
    (1, 9, "84.90"),
    (2, 8, "86.20"),
    (3, 8, "87.10"),
    (4, 7, "86.70"),
    (5, 6, "87.80"),
    (6, 4, "89.40"),
    (7, 3, "91.20"),
    (8, 3, "91.90"),
    (9, 2, "92.40"),
    (10, 2, "92.80"),
    (11, 1, "94.10"),
    (12, 4, "92.60"),
)


def plan_ranks(agenda: Agenda) -> tuple[Step, ...]:
    """One message a month, in the days after it ended."""
    steps = []
    for month, rank, score in TABLE:
        last_day = date(2022 + month // 12, month % 12 + 1, 1)
        day = agenda.calendar.workday_after(last_day, PUBLISHED_ON_WORKDAY)
        noon = datetime.combine(day, time(12), CITY_ZONE)
        now = agenda.sittings[agenda.index_before(noon)]
        data = {
            "period": f"2022-{month:02d}",
            "scope": SCOPE,
            "rank": rank,
            "of": BUREAUX,
            "score": score,
        }
        steps.append(Step(now, SOURCE, "rank.published", data, is_message=True))
    return tuple(steps)
