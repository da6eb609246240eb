"""States of a round, segments and media items as the rules of deductions take them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.scoring.rules.deductions import Charged, Deduction, Publication, deduct
from services.scoring.rules.sanitation import SANITATION_V1
from services.scoring.rules.segments import Segment
from shared.domain.calendar import CITY_ZONE

NOON = datetime(2026, 11, 20, 12, tzinfo=CITY_ZONE)
POINTS = SANITATION_V1.coupling.points
ONE, OTHER = "chengfa-sanitation", "other-sanitation"


def moment(position: int) -> datetime:
    return NOON + timedelta(minutes=position)


def charged(position: int, **values: Any) -> Charged:
    """Completed in November, the facts hold, on 江宁路 6001."""
    given: dict[str, Any] = {
        "seq": position,
        "position": position,
        "recorded_at": moment(position),
        "month": 202611,
        "trade": "sanitation",
        "street": "江宁路街道",
        "address": "静安区江宁路6001号门前",
        "fact_finding": "true",
        **values,
    }
    return Charged(**given)


def segment(position: int, **values: Any) -> Segment:
    given: dict[str, Any] = {
        "inspection_id": "I-1",
        "position": position,
        "recorded_at": moment(position),
        "month": 202611,
        "contractor": ONE,
        "road": "江宁路",
        **values,
    }
    return Segment(**given)


def publication(revision: int, **values: Any) -> Publication:
    given: dict[str, Any] = {
        "revision": revision,
        "position": 100 + revision,
        "recorded_at": moment(100 + revision),
        "month": 202611,
        "contractor": ONE,
        **values,
    }
    return Publication(**given)


def rows_of(*moments: Charged | Segment, number: int = 1) -> list[Deduction]:
    states = [one for one in moments if isinstance(one, Charged)]
    segments = [one for one in moments if isinstance(one, Segment)]
    return deduct(number, states, segments, points=POINTS)


def told(rows: list[Deduction]) -> list[tuple[str, str, str]]:
    """Rule, points, cause of each row."""
    return [(row.rule, str(row.points), row.cause) for row in rows]


def total(rows: list[Deduction]) -> Decimal:
    return sum((row.points for row in rows), Decimal(0))
