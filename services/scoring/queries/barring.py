"""Tickets that a unit may not even find behind a figure: those in which it is complained of."""

from collections.abc import Collection

from sqlalchemy import text

from shared.db import Tx, Wider

BARRED = text(
    "SELECT ticket_id, no FROM tickets WHERE bureau_id = :bureau"
    " AND (ticket_id = ANY(CAST(:ids AS bigint[])) OR no = ANY(CAST(:nos AS text[])))"
    " AND object_unit = :reader"
)


async def find_barred(
    tx: Tx, reader: str | None, *, ids: Collection[int] = (), nos: Collection[str] = ()
) -> frozenset[int | str]:
    """Ids and numbers, of those given, that `reader` is never told of (ruling 19)."""
    if reader is None or not (ids or nos):
        return frozenset()
    async with tx.widened(Wider.BARRED) as wide:
        rows = await wide.rows(
            BARRED, bureau=tx.bureau, ids=list(ids), nos=list(nos), reader=reader
        )
    return frozenset(one for row in rows for one in (row.ticket_id, row.no))
