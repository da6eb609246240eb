"""In which figures the rounds of one ticket stand: now, and in the months that are frozen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from services.scoring.queries.folding import STATE
from services.scoring.rules.marks import NOTHING, Marked
from services.scoring.rules.metrics import METRICS
from shared.db import Tx, Wider

FIND = text("SELECT ticket_id FROM tickets WHERE bureau_id = :bureau AND no = :no")
NOW = text(
    f"SELECT {STATE} FROM fact_versions AS v WHERE v.bureau_id = :bureau"  # noqa: S608
    " AND v.ticket_id = :ticket AND v.known_to = 'infinity' ORDER BY v.round"
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
    async with tx.widened(Wider.NUMBER) as wide:
        found = await wide.row(FIND, bureau=tx.bureau, no=no)
    if found is None:
        return []
    rows: Sequence[Any] = await tx.rows(NOW, bureau=tx.bureau, ticket=found.ticket_id)
    return [Marked(*row) for row in rows]


async def list_kept(tx: Tx, no: str) -> list[Kept]:
    rows: Sequence[Any] = await tx.rows(FROZEN, bureau=tx.bureau, no=no)
    return [Kept(row[0], row[1], row[2], _padded(Marked(*row[3:]))) for row in rows]


def _padded(state: Marked) -> Marked:
    """An older release may have known fewer metrics."""
    return replace(state, marks=state.marks.ljust(len(METRICS), NOTHING))
