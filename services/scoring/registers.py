"""What is kept in revisions: inspections and media items. Nothing in them is ever overwritten."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Table, TextClause, text

from services.scoring.sanitation_schemas import InspectionBody, MediaItemBody
from shared import models
from shared.db import Tx
from shared.tickets.statements import write_rows

ID_BYTES = 8
FRAME = {"bureau_id", "revision", "position", "recorded_at"}
BESIDE = {"withdrawn_for", "actor_role", "actor_name", "actor_key"}


@dataclass(frozen=True, slots=True)
class Register:
    """One table of revisions, whose first column names the thing.

    `content`: the columns a body fills.
    """

    prefix: str
    key: str
    content: tuple[str, ...]
    latest: TextClause
    revisions: TextClause
    page: TextClause
    insert: TextClause


def _register(prefix: str, table: Table) -> Register:
    columns = [str(c.name) for c in table.columns if c.name not in {"bureau_id", "xid"}]
    key = columns[0]
    of = f"SELECT {', '.join(columns)} FROM {table.name} WHERE bureau_id = :bureau"  # noqa: S608
    newest = (  # names of our own tables and columns only
        f"SELECT DISTINCT ON ({key}) {', '.join(columns)} FROM {table.name}"  # noqa: S608
        " WHERE bureau_id = :bureau{filter} ORDER BY {key}, revision DESC"
    )
    asked = (
        " AND (CAST(:month AS integer) IS NULL OR month = :month)"
        " AND (CAST(:contractors AS text[]) IS NULL OR contractor = ANY(:contractors))"
    )
    return Register(
        prefix=prefix,
        key=key,
        content=tuple(c for c in columns if c not in {*FRAME, *BESIDE, key}),
        latest=text(newest.format(filter=f" AND {key} = ANY(CAST(:ids AS text[]))", key=key)),
        revisions=text(f"{of} AND {key} = :id ORDER BY revision"),
        page=text(
            f"SELECT * FROM ({newest.format(filter=asked, key=key)}) AS r"  # noqa: S608
            f" WHERE (month, contractor, {key}) > (:after_month, :after_contractor, :after_id)"
            f" ORDER BY month, contractor, {key} LIMIT :limit"
        ),
        insert=text(write_rows(table, "rows", [one for one in columns if one != "position"])),
    )


INSPECTIONS = _register("I-", models.inspections)
MEDIA_ITEMS = _register("P-", models.media_items)
AnyBody = InspectionBody | MediaItemBody


def id_of(register: Register, body: AnyBody) -> str:
    """The same thing told again has the same id."""
    digest = hashlib.sha256(orjson.dumps(body.identity)).hexdigest()
    return register.prefix + digest[: 2 * ID_BYTES]


async def list_latest(tx: Tx, register: Register, ids: Collection[str]) -> dict[str, Any]:
    rows = await tx.rows(register.latest, bureau=tx.bureau, ids=sorted(ids))
    return {getattr(row, register.key): row for row in rows}


async def list_revisions(tx: Tx, register: Register, one: str) -> Sequence[Any]:
    return await tx.rows(register.revisions, bureau=tx.bureau, id=one)


async def list_page(
    tx: Tx,
    register: Register,
    *,
    month: int | None,
    contractors: Collection[str] | None,
    after: tuple[int, str, str],
    limit: int,
) -> Sequence[Any]:
    """The latest revision of each, in order of month, contractor and id."""
    return await tx.rows(
        register.page,
        bureau=tx.bureau,
        month=month,
        contractors=None if contractors is None else sorted(contractors),
        after_month=after[0],
        after_contractor=after[1],
        after_id=after[2],
        limit=limit,
    )


async def insert_revisions(tx: Tx, register: Register, rows: Iterable[dict[str, Any]]) -> None:
    written = [{**row, "recorded_at": tx.now} for row in rows]
    encoded = orjson.dumps(written, default=str).decode()
    await tx.run(register.insert, bureau=tx.bureau, rows=encoded)
