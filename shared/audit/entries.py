"""Recording what is shown, in the transaction that reads it: no view without its record."""

from collections.abc import Collection, Mapping
from typing import Any

import orjson
from sqlalchemy import text

from shared.db import Tx
from shared.domain.readings import Reading

IDS = "CAST(:ids AS bigint[])"
# Also the first part of the statements that read what is shown, at no round trip of its own.
INSERT = (
    "INSERT INTO audit_entries"  # noqa: S608 - constants only
    " (bureau_id, at, kind, role, actor, key, unit, tickets, operation, detail, trace)"
    " VALUES (:bureau, :read_at, :read_kind, :read_role, :read_actor, :read_key, :read_unit,"
    f" {IDS}, :read_operation, CAST(:read_detail AS jsonb), :read_trace)"
)
RECORD = text(f"{INSERT} RETURNING entry")
OF_NOS = (
    "(SELECT array_agg(ticket_id ORDER BY ticket_id) FROM tickets"
    " WHERE bureau_id = :bureau AND no = ANY(CAST(:nos AS text[])))"
)
RECORD_NAMED = text(INSERT.replace(IDS, OF_NOS))
RECORDING = f"WITH recorded AS ({INSERT}) "


def told(tx: Tx, reading: Reading) -> Mapping[str, Any]:
    """The values of `INSERT`, but for `bureau` and `ids`."""
    actor = reading.actor
    return {
        "read_at": tx.now,
        "read_kind": reading.kind.value,
        "read_role": actor.role.value,
        "read_actor": actor.name,
        "read_key": actor.key,
        "read_unit": actor.unit,
        "read_operation": reading.operation,
        "read_detail": orjson.dumps(dict(reading.detail)).decode() if reading.detail else None,
        "read_trace": reading.trace,
    }


async def record_reading(tx: Tx, reading: Reading, tickets: Collection[int] = ()) -> int:
    """One row for one request. Answers its number."""
    ids = sorted(tickets) or None
    row = await tx.row(RECORD, bureau=tx.bureau, ids=ids, **told(tx, reading))
    assert row is not None
    return int(row.entry)


async def record_named(tx: Tx, reading: Reading, nos: Collection[str]) -> None:
    """The same for tickets known by their numbers."""
    await tx.run(RECORD_NAMED, bureau=tx.bureau, nos=sorted(nos), **told(tx, reading))
