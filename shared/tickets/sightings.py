"""What of tickets is compared, read and kept: who called, where, what about, how it stands."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import text

from shared import models
from shared.db import Tx
from shared.domain.places import Point, cell_of, cells_around, normalise_address
from shared.domain.repeats import RepeatLimits, Sighting
from shared.domain.words import OPEN_STATES, TicketKind, TicketState
from shared.tickets.statements import replacing, write_rows

OUT = (TicketState.VOIDED, TicketState.RETURNED_UPSTREAM)
MOST_NEAR = 50
COLUMNS = (
    "t.ticket_id, t.no, t.received_at, t.completed_at, t.category, t.state, t.matter,"
    " coalesce(t.fold->>'repeat_of', t.fold->>'merged_into') AS root,"
    " (t.fold->>'lng')::float AS lng, (t.fold->>'lat')::float AS lat,"
    " t.fold->>'ticket_kind' AS ticket_kind,"
    " coalesce((t.fold->>'is_set_apart')::boolean, false) AS is_set_apart,"
    " p.address, c.phone_hash"
)
BESIDE = (
    " LEFT JOIN ticket_places AS p ON p.bureau_id = t.bureau_id AND p.ticket_id = t.ticket_id"
    " LEFT JOIN callers AS c ON c.bureau_id = t.bureau_id AND c.ticket_id = t.ticket_id"
)
SUBJECTS = text(
    f"SELECT {COLUMNS}, (SELECT x.body FROM ticket_texts AS x"  # noqa: S608 - constants only
    "  WHERE x.bureau_id = t.bureau_id AND x.ticket_id = t.ticket_id AND x.field = 'address'"
    "  AND x.seq = (t.fold->'texts'->>'address')::int ORDER BY x.version DESC LIMIT 1) AS spoken"
    f" FROM tickets AS t{BESIDE}"
    " WHERE t.bureau_id = :bureau AND t.ticket_id = ANY(CAST(:ids AS bigint[]))"
)
BY_NO = text(
    f"SELECT {COLUMNS} FROM tickets AS t{BESIDE}"  # noqa: S608 - constants only
    " WHERE t.bureau_id = :bureau AND t.no = ANY(CAST(:nos AS text[]))"
)
BY_ID = text(
    f"SELECT {COLUMNS} FROM tickets AS t{BESIDE}"  # noqa: S608 - constants only
    " WHERE t.bureau_id = :bureau AND t.ticket_id = ANY(CAST(:ids AS bigint[]))"
)
FOLLOWERS = text(
    f"SELECT {COLUMNS} FROM tickets AS t{BESIDE}"  # noqa: S608 - constants only
    " JOIN tickets AS r ON r.bureau_id = t.bureau_id AND r.matter = t.matter"
    " AND r.no = t.fold->>'repeat_of'"
    " WHERE t.bureau_id = :bureau AND r.ticket_id = ANY(CAST(:ids AS bigint[]))"
)
# "OFFSET 0" keeps the planner from turning it round: few are of that caller or place, and they are
# found by their own index; only those are then looked at as tickets.
FITTING = (
    "SELECT f.ticket_id FROM (SELECT o.ticket_id FROM {table} AS o"  # noqa: S608 - constants only
    " WHERE o.bureau_id = :bureau AND {match} OFFSET 0) AS o"
    " JOIN LATERAL (SELECT * FROM tickets AS f"
    "  WHERE f.bureau_id = :bureau AND f.ticket_id = o.ticket_id OFFSET 0) AS f ON"
    "  f.category = k.category AND f.ticket_id <> k.id AND ("
    "  f.received_at BETWEEN k.received_at - CAST(:window AS interval)"
    "   AND k.received_at + CAST(:window AS interval)"
    "  OR f.completed_at BETWEEN k.received_at - CAST(:after AS interval) AND k.received_at)"
    f" ORDER BY f.ticket_id DESC LIMIT {MOST_NEAR}"
)
BY_CALLER = FITTING.format(table="callers", match="o.phone_hash = k.caller")
BY_ADDRESS = FITTING.format(table="ticket_places", match="o.address = k.address")
BY_CELL = FITTING.format(table="ticket_places", match="o.cell = s.cell")
# The newest of each kind are enough: what repeats hangs on its root, a matter names itself.
NEAR = text(
    "SELECT k.id AS subject, near.ticket_id"  # noqa: S608 - constants only
    " FROM json_to_recordset(CAST(:wanted AS json)) AS k(id bigint, category text,"
    "  received_at timestamptz, caller bytea, address bytea, cells bigint[])"
    f" CROSS JOIN LATERAL (({BY_CALLER}) UNION ({BY_ADDRESS})"
    "  UNION SELECT g.ticket_id FROM unnest(k.cells) AS s(cell)"
    f"   CROSS JOIN LATERAL ({BY_CELL}) AS g) AS near"
)
PUT_PLACES = text(
    write_rows(
        models.ticket_places, "places", conflict=replacing(models.ticket_places, ("ticket_id",))
    )
)


async def take_subjects(tx: Tx, ids: Collection[int]) -> dict[int, Sighting]:
    """The tickets in question, whose places are kept for those that come after."""
    rows = await tx.rows(SUBJECTS, bureau=tx.bureau, ids=sorted(ids))
    found, places = {}, []
    for row in rows:
        address = address_digest(row.spoken)
        sighting = sighting_of(row, address=address)
        found[row.ticket_id] = sighting
        places.append(
            {
                "ticket_id": row.ticket_id,
                "address": as_bytea(address),
                "cell": None if sighting.point is None else cell_of(sighting.point),
            }
        )
    await tx.run(PUT_PLACES, bureau=tx.bureau, places=orjson.dumps(places).decode())
    return found


async def find_near(
    tx: Tx, subjects: Iterable[Sighting], by: RepeatLimits
) -> tuple[dict[int, Sighting], dict[int, list[int]]]:
    """What may tell of the same as each subject, and whose neighbour it is."""
    wanted = [_wanted(one, by) for one in subjects if one.category is not None and one.may_repeat]
    if not wanted:
        return {}, {}
    rows = await tx.rows(
        NEAR,
        bureau=tx.bureau,
        wanted=orjson.dumps(wanted).decode(),
        window=by.window,
        after=by.after_completion,
    )
    near: dict[int, list[int]] = {}
    for row in rows:
        near.setdefault(row.subject, []).append(row.ticket_id)
    ids = sorted({row.ticket_id for row in rows})
    return await find_by_id(tx, ids), near


async def find_by_no(tx: Tx, nos: Collection[str]) -> dict[int, Sighting]:
    if not nos:
        return {}
    return sightings_of(await tx.rows(BY_NO, bureau=tx.bureau, nos=sorted(nos)))


async def find_by_id(tx: Tx, ids: Collection[int]) -> dict[int, Sighting]:
    if not ids:
        return {}
    return sightings_of(await tx.rows(BY_ID, bureau=tx.bureau, ids=sorted(ids)))


async def find_followers(tx: Tx, ids: Collection[int]) -> dict[int, Sighting]:
    """Tickets that repeat one of these."""
    if not ids:
        return {}
    return sightings_of(await tx.rows(FOLLOWERS, bureau=tx.bureau, ids=sorted(ids)))


def sightings_of(rows: Sequence[Any]) -> dict[int, Sighting]:
    return {row.ticket_id: sighting_of(row, address=row.address) for row in rows}


def sighting_of(row: Any, *, address: bytes | None) -> Sighting:
    state = TicketState(row.state)
    has_point = row.lng is not None and row.lat is not None
    return Sighting(
        ticket_id=row.ticket_id,
        no=row.no,
        received_at=row.received_at,
        completed_at=row.completed_at,
        category=row.category,
        caller=bytes(row.phone_hash) if row.phone_hash is not None else None,
        address=bytes(address) if address is not None else None,
        point=Point(row.lng, row.lat) if has_point else None,
        matter=row.matter,
        root=row.root,
        is_open=state in OPEN_STATES,
        is_out=state in OUT,
        is_review=row.ticket_kind == TicketKind.REWORK,
        is_set_apart=row.is_set_apart,
    )


def address_digest(spoken: str | None) -> bytes | None:
    """Of the normalised address; the words themselves stay where they can be erased."""
    plain = normalise_address(spoken)
    return None if plain is None else hashlib.sha256(plain.encode()).digest()[:16]


def as_bytea(digest: bytes | None) -> str | None:
    return None if digest is None else f"\\x{digest.hex()}"


def _wanted(one: Sighting, by: RepeatLimits) -> dict[str, Any]:
    return {
        "id": one.ticket_id,
        "category": one.category,
        "received_at": one.received_at,
        "caller": as_bytea(one.caller),
        "address": as_bytea(one.address),
        "cells": [] if one.point is None else cells_around(one.point, by.radius),
    }
