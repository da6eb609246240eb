"""Frozen months as they lie in Postgres: their moments, manifests, and making their copies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import text

from services.scoring.queries.folding import STATE_COLUMNS, state_row
from services.scoring.rules.freezing import Freeze, Manifest
from services.scoring.rules.marks import Marked
from services.scoring.rules.periods import Period
from services.scoring.rules.scheme_data import read_scheme, write_scheme
from services.scoring.rules.schemes import Scheme
from shared.db import Tx
from shared.domain.actor import Actor
from shared.domain.rulebook import Unit
from shared.domain.words import Role
from shared.models import frozen_states
from shared.tickets.statements import write_rows

UNITS: TypeAdapter[dict[str, Unit]] = TypeAdapter(dict[str, Unit])

COLUMNS = (
    "f.period, f.revision, f.known_at, f.frozen_at, f.actor_role, f.actor_name, f.reason,"
    " f.xid::text AS xid, m.scheme::text AS scheme, m.calendar_version, m.units::text AS units,"
    " m.layout, m.rows, m.sha256"
)
FREEZES = (
    f"SELECT {COLUMNS} FROM freezes AS f"  # noqa: S608 - constants only
    " LEFT JOIN freeze_manifests AS m USING (bureau_id, period, revision)"
    " WHERE f.bureau_id = :bureau"
)
LIST_OF = text(f"{FREEZES} AND f.period = ANY(:periods) ORDER BY f.period, f.revision")
FIRST_RECEIVED = text("SELECT min(received_at) AS first FROM tickets WHERE bureau_id = :bureau")
FROZEN_PERIODS = text("SELECT DISTINCT period FROM freezes WHERE bureau_id = :bureau")
# Told apart from what was known just then only by the transaction that recorded it.
LATE = text(
    "SELECT ticket_id, min(seq) AS seq FROM ticket_events WHERE bureau_id = :bureau"
    " AND xid > CAST(CAST(:xid AS text) AS xid8) AND recorded_at = :known_at GROUP BY ticket_id"
)
_COPIED = ", ".join(STATE_COLUMNS)
COPY_STATES = text(
    f"INSERT INTO frozen_states (bureau_id, period, revision, {_COPIED})"  # noqa: S608
    f" SELECT bureau_id, :period, :revision, {_COPIED}"
    " FROM minhu_versions_known(CAST(:months AS integer[]), :known_at)"
    " WHERE bureau_id = :bureau AND ticket_id <> ALL(CAST(:late AS bigint[]))"
)
ADD_STATES = text(write_rows(frozen_states, "states", ("period", "revision", *STATE_COLUMNS)))
COUNT_STATES = text(
    "SELECT count(*) AS rows FROM frozen_states WHERE bureau_id = :bureau"
    " AND period = :period AND revision = :revision"
)
ADD_SUMS = text(
    'INSERT INTO frozen_sums (bureau_id, period, revision, "by", key, counts)'
    ' SELECT :bureau, :period, :revision, r."by", r.key, r.counts'
    ' FROM json_to_recordset(CAST(:sums AS json)) AS r("by" text, key text, counts integer[])'
)
ADD_MANIFEST = text(
    "INSERT INTO freeze_manifests (bureau_id, period, revision, scheme, calendar_version, units,"
    " layout, rows, sha256, filled_at) VALUES (:bureau, :period, :revision,"
    " CAST(:scheme AS json), :calendar_version, CAST(:units AS json), :layout, :rows, :sha256,"
    " :filled_at)"
)


async def list_freezes(tx: Tx, periods: Collection[str]) -> list[Freeze]:
    """All revisions of those months, oldest first."""
    rows = await tx.rows(LIST_OF, bureau=tx.bureau, periods=list(periods))
    return [_freeze(row) for row in rows]


def _freeze(row: Any) -> Freeze:
    freeze = Freeze(
        row.period,
        row.revision,
        known_at=row.known_at,
        frozen_at=row.frozen_at,
        by=Actor(Role(row.actor_role), row.actor_name),
        reason=row.reason,
        xid=row.xid,
    )
    if row.sha256 is None:
        return freeze
    manifest = Manifest(
        scheme=_read_scheme(orjson.loads(row.scheme)),
        calendar_version=row.calendar_version,
        units=UNITS.validate_json(row.units),
        layout=row.layout,
        rows=row.rows,
        sha256=row.sha256,
    )
    return replace(freeze, manifest=manifest)


def _written(scheme: Scheme) -> dict[str, Any]:
    return {"id": scheme.id, "version": scheme.version, **write_scheme(scheme)}


def _read_scheme(data: Mapping[str, Any]) -> Scheme:
    return read_scheme(data["id"], data["version"], data)


async def list_periods(tx: Tx) -> tuple[set[str], Any]:
    """The months that are frozen, and when the first ticket was received."""
    rows = await tx.rows(FROZEN_PERIODS, bureau=tx.bureau)
    first = await tx.row(FIRST_RECEIVED, bureau=tx.bureau)
    return {row.period for row in rows}, None if first is None else first.first


async def list_late(tx: Tx, freeze: Freeze) -> dict[int, int]:
    """Tickets of which something was recorded at that very moment, but later: from which entry."""
    rows = await tx.rows(LATE, bureau=tx.bureau, xid=freeze.xid, known_at=freeze.known_at)
    return {row.ticket_id: row.seq for row in rows}


async def copy_states(
    tx: Tx, freeze: Freeze, period: Period, *, late: Collection[int], folded: Sequence[Marked]
) -> int:
    """What stood then of all but the `late` tickets, and `folded` of those; how many rounds."""
    key = {"period": freeze.period, "revision": freeze.revision}
    await tx.run(
        COPY_STATES,
        bureau=tx.bureau,
        **key,
        months=list(period.months),
        known_at=freeze.known_at,
        late=list(late),
    )
    if folded:
        states = [state_row(one, None) | key for one in folded]
        await tx.run(ADD_STATES, bureau=tx.bureau, states=orjson.dumps(states).decode())
    row = await tx.row(COUNT_STATES, bureau=tx.bureau, **key)
    assert row is not None
    return int(row.rows)


async def add_sums(tx: Tx, freeze: Freeze, sums: Mapping[str, Mapping[str, Sequence[int]]]) -> None:
    """By grouping and key, as kept in `sums`."""
    rows = [
        {"by": by, "key": key, "counts": counts}
        for by, of_by in sums.items()
        for key, counts in of_by.items()
    ]
    await tx.run(
        ADD_SUMS,
        bureau=tx.bureau,
        period=freeze.period,
        revision=freeze.revision,
        sums=orjson.dumps(rows).decode(),
    )


async def add_manifest(tx: Tx, freeze: Freeze, manifest: Manifest) -> None:
    """Last of all: from here on the copy refuses more rows."""
    await tx.run(
        ADD_MANIFEST,
        bureau=tx.bureau,
        period=freeze.period,
        revision=freeze.revision,
        scheme=orjson.dumps(_written(manifest.scheme)).decode(),
        calendar_version=manifest.calendar_version,
        units=UNITS.dump_json(dict(manifest.units)).decode(),
        layout=manifest.layout,
        rows=manifest.rows,
        sha256=manifest.sha256,
        filled_at=tx.now,
    )
