"""Upstream platforms (上级平台): who they are, and the secrets they sign with."""

import asyncio
import base64
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import Database, Scope
from shared.errors import Conflict, Invalid, NotFound

SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of every secret
SECRET_BYTES = 32
NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?")
REMEMBERED_SECONDS = 2.0
GRACE = timedelta(hours=24)

# One of the two look-ups made before the bureau is known: names are unique in the installation.
ALL_SOURCES = text(
    "SELECT bureau_id, source, sealed, seal_key_id FROM minhu_source_secrets()"
    " ORDER BY source, secret_id DESC"
)
INSERT_SOURCE = text(
    "WITH noticed AS (UPDATE bureaus SET config_version = config_version + 1"
    " WHERE bureau_id = :bureau)"
    " INSERT INTO sources (bureau_id, source, callback_url, list_url, request_url)"
    " VALUES (:bureau, :source, :callback, :list, :request)"
    " ON CONFLICT DO NOTHING"
)
RETIRE_SECRETS = text(
    "UPDATE source_secrets SET expires_at = clock_timestamp()"
    " + CASE WHEN expires_at IS NULL THEN CAST(:grace AS interval) ELSE interval '0' END"
    " WHERE bureau_id = :bureau AND source = :source"
    " AND (expires_at IS NULL OR expires_at > clock_timestamp())"
)
INSERT_SECRET = text(
    "INSERT INTO source_secrets (bureau_id, source, secret_id, sealed, seal_key_id)"
    " SELECT :bureau, :source, 1 + coalesce(max(secret_id), 0), :sealed, :seal_key"
    " FROM source_secrets WHERE bureau_id = :bureau AND source = :source"
)
LOCK_SOURCE = text(
    "SELECT source FROM sources WHERE bureau_id = :bureau AND source = :source FOR UPDATE"
)
LIST_SOURCES = text(
    "SELECT s.source, s.callback_url, s.created_at, count(k.secret_id) AS live_secrets,"
    " s.list_url, s.request_url"
    " FROM sources s LEFT JOIN source_secrets k ON k.bureau_id = s.bureau_id"
    " AND k.source = s.source AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())"
    " WHERE s.bureau_id = :bureau GROUP BY s.source, s.callback_url, s.created_at,"
    " s.list_url, s.request_url ORDER BY s.source"
)
SET_CALLBACK = text(
    "WITH noticed AS (UPDATE bureaus SET config_version = config_version + 1"
    " WHERE bureau_id = :bureau)"
    " UPDATE sources SET callback_url = :callback WHERE bureau_id = :bureau AND source = :source"
)

SET_LISTS = text(
    "WITH noticed AS (UPDATE bureaus SET config_version = config_version + 1"
    " WHERE bureau_id = :bureau)"
    " UPDATE sources SET list_url = CASE WHEN :set_list THEN :list ELSE list_url END,"
    " request_url = CASE WHEN :set_request THEN :request ELSE request_url END"
    " WHERE bureau_id = :bureau AND source = :source"
)


class Sealing(Protocol):
    """The part of the keyring that closes and opens secrets at rest."""

    def seal(self, plain: bytes, context: str) -> tuple[bytes, str]: ...

    def unseal(self, sealed: bytes, key_id: str, context: str) -> bytes: ...


@dataclass(frozen=True, slots=True, repr=False)
class Source:
    """A platform with its live secrets as bytes, the newest first."""

    bureau: int
    name: str
    secrets: tuple[bytes, ...]

    @property
    def scope(self) -> Scope:
        """A platform's messages are the bureau's."""
        return Scope(self.bureau)


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """What may be shown of a platform."""

    name: str
    callback_url: str | None
    created_at: datetime
    live_secrets: int
    list_url: str | None = None
    request_url: str | None = None


async def add_source(
    connection: AsyncConnection,
    bureau: int,
    name: str,
    *,
    keyring: Sealing,
    callback_url: str | None = None,
    list_url: str | None = None,
    request_url: str | None = None,
) -> str:
    """Registers a platform and answers its signing secret, which is shown once."""
    if not NAME.fullmatch(name):
        raise Invalid("来源名只能用小写字母、数字、点和短横，1 至 64 个字符")
    values = {
        "bureau": bureau,
        "source": name,
        "callback": callback_url,
        "list": list_url,
        "request": request_url,
    }
    if (await connection.execute(INSERT_SOURCE, values)).rowcount == 0:
        raise Conflict("此来源名已有登记")
    return await _add_secret(connection, bureau, name, keyring)


async def rotate_source(
    connection: AsyncConnection,
    bureau: int,
    name: str,
    *,
    keyring: Sealing,
    grace: timedelta = GRACE,
) -> str:
    """A new secret; the one before it lives on for `grace`, any older one dies now."""
    found = await connection.execute(LOCK_SOURCE, {"bureau": bureau, "source": name})
    if found.first() is None:
        raise NotFound("没有登记过这个来源")
    await connection.execute(RETIRE_SECRETS, {"bureau": bureau, "source": name, "grace": grace})
    return await _add_secret(connection, bureau, name, keyring)


async def _add_secret(connection: AsyncConnection, bureau: int, name: str, keyring: Sealing) -> str:
    secret = secrets.token_bytes(SECRET_BYTES)
    sealed, seal_key = keyring.seal(secret, _context(bureau, name))
    values = {"bureau": bureau, "source": name, "sealed": sealed, "seal_key": seal_key}
    await connection.execute(INSERT_SECRET, values)
    return show_secret(secret)


def show_secret(secret: bytes) -> str:
    """As Standard Webhooks writes it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


async def list_sources(connection: AsyncConnection, bureau: int) -> Sequence[SourceEntry]:
    rows = await connection.execute(LIST_SOURCES, {"bureau": bureau})
    return [SourceEntry(*row) for row in rows]


async def set_callback(
    connection: AsyncConnection, bureau: int, name: str, callback_url: str | None
) -> None:
    """Where the platform wants to hear of new states; None for nowhere."""
    values = {"bureau": bureau, "source": name, "callback": callback_url}
    if (await connection.execute(SET_CALLBACK, values)).rowcount == 0:
        raise NotFound("没有登记过这个来源")


async def set_lists(
    connection: AsyncConnection,
    bureau: int,
    name: str,
    *,
    list_url: str | None = None,
    request_url: str | None = None,
) -> None:
    """Where its lists are had and messages asked for again; "" for nowhere, None for as it was."""
    values = {
        "bureau": bureau,
        "source": name,
        "set_list": list_url is not None,
        "list": list_url or None,
        "set_request": request_url is not None,
        "request": request_url or None,
    }
    if (await connection.execute(SET_LISTS, values)).rowcount == 0:
        raise NotFound("没有登记过这个来源")


def _context(bureau: int, name: str) -> str:
    return f"source:{bureau}:{name}"


class SourceStore:
    """All platforms of the installation, remembered for two seconds."""

    def __init__(self, database: Database, keyring: Sealing) -> None:
        self._database = database
        self._keyring = keyring
        self._lock = asyncio.Lock()
        self._loaded_at = float("-inf")
        self._known: Mapping[str, Source] = {}

    async def read(self) -> Mapping[str, Source]:
        asked_at = time.monotonic()
        if asked_at - self._loaded_at > REMEMBERED_SECONDS:
            return await self.reload(asked_at)
        return self._known

    async def reload(self, asked_at: float) -> Mapping[str, Source]:
        """Loads anew, unless another task has done so since `asked_at` (by the monotonic clock)."""
        async with self._lock:
            if self._loaded_at <= asked_at:
                begun_at = time.monotonic()
                async with self._database.unscoped() as connection:
                    rows = (await connection.execute(ALL_SOURCES)).all()
                self._known = self._open(rows)
                self._loaded_at = begun_at
        return self._known

    def _open(self, rows: Sequence[Any]) -> Mapping[str, Source]:
        found: dict[str, Source] = {}
        for row in rows:
            secret = self._keyring.unseal(
                bytes(row.sealed), row.seal_key_id, _context(row.bureau_id, row.source)
            )
            before = found[row.source].secrets if row.source in found else ()
            found[row.source] = Source(row.bureau_id, row.source, (*before, secret))
        return found
