"""Folding everything again: emptying, how far it has come, and what the tables hold in all."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import TextClause, text

from services.scoring.queries.folding import DERIVED, FACT_COLUMNS, STATE_COLUMNS
from shared.db import Tx

REBUILT = ("facts", "fact_versions", "sums")
DELETE_FACTS = text("DELETE FROM facts WHERE bureau_id = :bureau")
DELETE_VERSIONS = text("DELETE FROM fact_versions WHERE bureau_id = :bureau")
DELETE_SUMS = text("DELETE FROM sums WHERE bureau_id = :bureau")
BEGIN = text(
    "INSERT INTO fact_progress (bureau_id, layout, rebuilt_to) VALUES (:bureau, :layout, 0)"
    " ON CONFLICT (bureau_id) DO UPDATE SET known_at = NULL, layout = :layout, rebuilt_to = 0"
)
ADVANCE = text("UPDATE fact_progress SET rebuilt_to = :ticket WHERE bureau_id = :bureau")
FINISH = text("UPDATE fact_progress SET rebuilt_to = NULL WHERE bureau_id = :bureau")
ALL_SUMS = text('SELECT "by", key, month, counts FROM sums WHERE bureau_id = :bureau')

# Held to the end of the transaction; one that writes nothing holds up nobody.
TAKE = text("SELECT pg_try_advisory_xact_lock(hashtext('minhu.rebuilding'), :bureau)")
BOUNDS = text(
    "SELECT min(ticket_id) - 1 AS first, max(ticket_id) AS last FROM ticket_events"
    " WHERE bureau_id = :bureau"
)


def _hash(table: str, columns: Sequence[str]) -> TextClause:
    """Two sums of 64-bit hashes, so that the order of rows is none of its business."""
    row = f"ROW({', '.join(columns)})::text"
    return text(
        f"SELECT count(*), sum(hashtextextended({row}, 1)), sum(hashtextextended({row}, 2))"  # noqa: S608
        f" FROM {table} WHERE bureau_id = :bureau"
    )


HASHES: Mapping[str, TextClause] = MappingProxyType(
    {
        "facts": _hash("facts", (*FACT_COLUMNS, *DERIVED)),
        "fact_versions": _hash(
            "fact_versions", (*STATE_COLUMNS, "known_to", "months", "moved_from")
        ),
        "sums": text(
            "SELECT count(*), sum(hashtextextended(row, 1)), sum(hashtextextended(row, 2)) FROM ("
            'SELECT ROW("by", key, month, counts)::text AS row FROM sums'
            " WHERE bureau_id = :bureau AND 0 <> ANY(counts)) AS rows"
        ),
    }
)


async def delete_all(tx: Tx, layout: str) -> None:
    for statement in (DELETE_FACTS, DELETE_VERSIONS, DELETE_SUMS):
        await tx.run(statement, bureau=tx.bureau)
    await tx.run(BEGIN, bureau=tx.bureau, layout=layout)


async def take_rebuilding(tx: Tx) -> bool:
    """False where another transaction has it in its hands."""
    row = await tx.row(TAKE, bureau=tx.bureau)
    return row is not None and bool(row[0])


async def list_bounds(tx: Tx, *, lanes: int) -> list[int]:
    """Ticket ids that part the log into so many ranges: after the first, up to the next, …"""
    row = await tx.row(BOUNDS, bureau=tx.bureau)
    if row is None or row.last is None:
        return []
    width = row.last - row.first
    return [row.first + width * lane // lanes for lane in range(lanes + 1)]


async def set_rebuilt_to(tx: Tx, ticket_id: int) -> None:
    await tx.run(ADVANCE, bureau=tx.bureau, ticket=ticket_id)


async def finish_rebuilding(tx: Tx) -> None:
    await tx.run(FINISH, bureau=tx.bureau)


async def list_all_sums(tx: Tx) -> dict[tuple[str, str, int], list[int]]:
    rows = await tx.rows(ALL_SUMS, bureau=tx.bureau)
    return {(row.by, row.key, row.month): row.counts for row in rows}


async def hash_tables(tx: Tx) -> dict[str, tuple[str, ...]]:
    found = {}
    for table, statement in HASHES.items():
        row = await tx.row(statement, bureau=tx.bureau)
        assert row is not None
        found[table] = tuple(str(part) for part in row)
    return found
