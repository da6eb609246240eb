"""In which figures the rounds of one ticket stand: now, and in the months that are frozen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from services.scoring.queries.folding import STATE
from services.scoring.rules.marks import NOTHING, Marked
from services.scoring.rules.metrics import METRICS
from shared.db import Tx

NOW = text(
    f"SELECT {STATE} FROM fact_versions AS v JOIN tickets AS t USING (bureau_id, ticket_id)"  # noqa: S608
    " WHERE v.bureau_id = :bureau AND t.no = :no AND v.known_to = 'infinity' ORDER BY v.round"
)
FROZEN = text(
    f"SELECT v.period, v.revision, f.known_at, {STATE} FROM frozen_states AS v"  # noqa: S608
    " JOIN freezes AS f USING (bureau_id, period, revision)"
    " WHERE v.bureau_id = :bureau AND v.no = :no"
    " ORDER BY v.period, v.revision, v.round"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """One round as it stands in a revision of a frozen month."""

    period: str
    revision: int
    known_at: datetime
    state: Marked


async def list_rounds(tx: Tx, no: str) -> list[Marked]:
    rows: Sequence[Any] = await tx.rows(NOW, bureau=tx.bureau, no=no)
    return [Marked(*row) for row in rows]


async def list_kept(tx: Tx, no: str) -> list[Kept]:
    rows: Sequence[Any] = await tx.rows(FROZEN, bureau=tx.bureau, no=no)
    return [Kept(row[0], row[1], row[2], _padded(Marked(*row[3:]))) for row in rows]


def _padded(state: Marked) -> Marked:
    """An older release may have known fewer metrics."""
    return replace(state, marks=state.marks.ljust(len(METRICS), NOTHING))
