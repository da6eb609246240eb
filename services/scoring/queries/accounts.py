"""What the account of deductions is about, to charge it again and to audit it."""

from sqlalchemy import text

from services.scoring.sanitation_queries import Standing
from shared.db import Tx

# What stands of it is told by its rows, in whatever months they are.
LIST_CHARGED = text(
    "SELECT DISTINCT subject, ticket_id FROM deductions WHERE bureau_id = :bureau"
    " AND month >= :month AND subject > :after ORDER BY subject LIMIT :limit"
)
ORPHANS = text(
    "SELECT DISTINCT subject FROM deductions AS d WHERE bureau_id = :bureau"
    " AND NOT EXISTS (SELECT FROM facts AS f"
    "  WHERE f.bureau_id = d.bureau_id AND f.ticket_id = d.ticket_id AND f.no = d.subject)"
    " AND NOT EXISTS (SELECT FROM media_items AS m"
    "  WHERE m.bureau_id = d.bureau_id AND m.media_id = d.subject AND d.ticket_id IS NULL)"
)


async def list_charged(tx: Tx, month: int, *, after: str, limit: int) -> list[Standing]:
    """Whatever has rows in that month or later, by subject."""
    rows = await tx.rows(LIST_CHARGED, bureau=tx.bureau, month=month, after=after, limit=limit)
    return [Standing(row.subject, row.ticket_id) for row in rows]


async def list_orphans(tx: Tx) -> list[str]:
    """Subjects of rows that belong to nothing."""
    return [row.subject for row in await tx.rows(ORPHANS, bureau=tx.bureau)]
