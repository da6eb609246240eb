"""Schemes as they lie in Postgres. What comes with the house stands in the code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from services.scoring.rules.scheme_data import read_scheme
from services.scoring.rules.versions import Version
from shared.db import Tx
from shared.domain.actor import Actor

COLUMNS = (
    "scheme, version, body, title, author, author_key, created_at, effective_from, approved_by,"
    " activated_at"
)
# Versions of one scheme are numbered one after another.
HOLD_SCHEME = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('scheme:' || :bureau || ':' || :scheme, 0))"
)
LIST_VERSIONS = text(
    f"SELECT {COLUMNS} FROM schemes"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau ORDER BY scheme, version"
)
LIST_VERSIONS_OF = text(
    f"SELECT {COLUMNS} FROM schemes"  # noqa: S608 - constants only
    " WHERE bureau_id = :bureau AND scheme = :scheme ORDER BY version"
)
INSERT_DRAFT = text(
    "INSERT INTO schemes"
    " (bureau_id, scheme, version, body, title, author, author_key, created_at)"
    " VALUES (:bureau, :scheme, :version, CAST(:body AS jsonb), :title, :author, :author_key,"
    " :created_at)"
)
ACTIVATE = text(
    "UPDATE schemes SET effective_from = :effective_from, approved_by = :approved_by,"
    " approved_key = :approved_key, activated_at = :activated_at"
    " WHERE bureau_id = :bureau AND scheme = :scheme AND version = :version"
    " AND effective_from IS NULL"
)


async def hold_scheme(tx: Tx, scheme: str) -> None:
    """Whoever drafts or activates a version of it waits for us."""
    await tx.run(HOLD_SCHEME, bureau=str(tx.bureau), scheme=scheme)


async def list_stored(tx: Tx, scheme: str | None = None) -> list[Version]:
    """All that were drafted here, or those of one scheme; oldest first."""
    if scheme is None:
        rows = await tx.rows(LIST_VERSIONS, bureau=tx.bureau)
    else:
        rows = await tx.rows(LIST_VERSIONS_OF, bureau=tx.bureau, scheme=scheme)
    return [_version(row) for row in rows]


async def insert_draft(tx: Tx, version: Version, body: Mapping[str, Any]) -> None:
    await tx.run(
        INSERT_DRAFT,
        bureau=tx.bureau,
        scheme=version.scheme.id,
        version=version.scheme.version,
        body=orjson.dumps(body).decode(),
        title=version.title,
        author=version.author,
        author_key=version.author_key,
        created_at=version.created_at,
    )


async def activate(tx: Tx, version: Version, *, effective_from: datetime, actor: Actor) -> None:
    await tx.run(
        ACTIVATE,
        bureau=tx.bureau,
        scheme=version.scheme.id,
        version=version.scheme.version,
        effective_from=effective_from,
        approved_by=actor.name,
        approved_key=actor.key,
        activated_at=tx.now,
    )


def _version(row: Any) -> Version:
    return Version(
        scheme=read_scheme(row.scheme, row.version, row.body),
        title=row.title,
        author=row.author,
        author_key=row.author_key,
        created_at=row.created_at,
        effective_from=row.effective_from,
        approved_by=row.approved_by,
        activated_at=row.activated_at,
    )
