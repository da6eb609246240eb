"""States of a round, segments and media items as the rules of deductions take them."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from services.scoring.rules.deductions import Charged, Deduction, Publication, deduct
from services.scoring.rules.pricing import Price, Prices
from services.scoring.rules.schemes import SANITATION, Scheme, find_preset
from services.scoring.rules.segments import Segment
from services.scoring.rules.versions import HOUSE_PRICES
from shared.domain.calendar import CITY_ZONE

NOON = datetime(2026, 11, 20, 12, tzinfo=CITY_ZONE)
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


def price(position: int, month: int = 200001, **points: str) -> Price:
    """Activated at that position, for the months from that one on."""
    place = (datetime(month // 100, month % 100, 1, tzinfo=CITY_ZONE), moment(position), position)
    costs = {rule: Decimal(each) for rule, each in points.items()}
    return Price(position, moment(position), month, place, costs)


def prices(*later: Price) -> Prices:
    return Prices((*HOUSE_PRICES.listed, *later))


def house_scheme() -> Scheme:
    found = find_preset(SANITATION)
    assert found is not None
    return found


def rows_of(*moments: Charged | Segment | Price, number: int = 1) -> list[Deduction]:
    states = [one for one in moments if isinstance(one, Charged)]
    segments = [one for one in moments if isinstance(one, Segment)]
    later = [one for one in moments if isinstance(one, Price)]
    return deduct(number, states, segments, prices=prices(*later))


def told(rows: list[Deduction]) -> list[tuple[str, str, str]]:
    """Rule, points, cause of each row."""
    return [(row.rule, str(row.points), row.cause) for row in rows]


def total(rows: list[Deduction]) -> Decimal:
    return sum((row.points for row in rows), Decimal(0))
