"""Published city league tables, as they were imported."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from shared.db import Tx

LIST_CITY_RANKS = text(
    'SELECT scope, period, rank, "of", score, source, published_at FROM city_ranks'
    " WHERE bureau_id = :bureau AND period <= :until ORDER BY period, scope"
)


@dataclass(frozen=True, slots=True)
class CityRank:
    """One published place in the city's league table. `score` is decimal text."""

    scope: str
    period: str
    rank: int
    of: int
    score: str | None
    source: str
    published_at: datetime


async def list_city_ranks(tx: Tx, until: str) -> list[CityRank]:
    rows = await tx.rows(LIST_CITY_RANKS, bureau=tx.bureau, until=until)
    return [CityRank(**row._mapping) for row in rows]
