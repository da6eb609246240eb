"""API keys: `mh_<8 id>_<secret>`, shown once, kept as a hash."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.domain.words import Role
from shared.errors import Conflict, Invalid, NotFound
from shared.identity.networks import read_network
from shared.identity.scopes import KeyScope

PREFIX = "mh"
ID_LENGTH = 8
ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
MOST_NETWORKS = 50
LEAST_GRACE, MOST_GRACE = timedelta(0), timedelta(days=90)

LIVE = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())"
INSERT_KEY = text(
    "INSERT INTO api_keys (bureau_id, key_id, secret_hash, role, unit_id, actor, scopes, networks,"
    " expires_at) VALUES (:bureau, :key_id, :secret_hash, :role, :unit, :actor,"
    " CAST(:scopes AS text[]), CAST(:networks AS text[]), :expires_at)"
    " RETURNING expires_at > clock_timestamp() AS is_ahead"
)
LOCK_KEY = text(
    f"SELECT bureau_id, key_id, actor, {LIVE} AS is_live,"  # noqa: S608 - constants only
    " EXISTS (SELECT FROM api_keys AS n WHERE n.bureau_id = k.bureau_id"
    " AND n.rotated_from = k.key_id) AS is_rotated"
    " FROM api_keys AS k WHERE k.bureau_id = :bureau AND k.key_id = :key_id FOR UPDATE"
)
# The new one lives as long from now on as the old one was meant to.
INSERT_NEXT = text(
    "INSERT INTO api_keys (bureau_id, key_id, secret_hash, role, unit_id, actor, scopes, networks,"
    " expires_at, rotated_from) SELECT bureau_id, :next, :secret_hash, role, unit_id, actor,"
    " scopes, networks, coalesce(CAST(:expires_at AS timestamptz),"
    " clock_timestamp() + (expires_at - created_at)), key_id"
    " FROM api_keys WHERE bureau_id = :bureau AND key_id = :key_id"
)
# Two live ones are enough: whatever this one was itself changed from ends now.
RETIRE = text(
    "UPDATE api_keys SET expires_at = least(expires_at, clock_timestamp()"
    " + CASE WHEN key_id = :key_id THEN CAST(:grace AS interval) ELSE interval '0' END)"
    " WHERE bureau_id = :bureau AND (key_id = :key_id OR key_id = (SELECT rotated_from"
    " FROM api_keys WHERE bureau_id = :bureau AND key_id = :key_id))"
)
REVOKE = text(
    "UPDATE api_keys SET revoked_at = coalesce(revoked_at, clock_timestamp())"
    " WHERE bureau_id = :bureau AND key_id = :key_id RETURNING actor"
)


@dataclass(frozen=True, slots=True, repr=False)
class NewKey:
    """A key just made. `plain` is shown once and never stored."""

    key_id: str
    plain: str
    hash: bytes

    @classmethod
    def make(cls) -> "NewKey":
        key_id = "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))
        secret = secrets.token_urlsafe(24).replace("_", "-")
        return cls(key_id, f"{PREFIX}_{key_id}_{secret}", secret_hash(secret))


def secret_hash(secret: str) -> bytes:
    """SHA-256: the secret has 192 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).digest()


async def issue_key(
    connection: AsyncConnection,
    bureau: int,
    *,
    role: Role,
    actor: str,
    unit: str | None = None,
    scopes: Collection[KeyScope] = (),
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> NewKey:
    """No scopes: all that the role may do. No networks: from anywhere."""
    if len(networks) > MOST_NETWORKS:
        raise Invalid(f"网段至多 {MOST_NETWORKS} 个")
    key = NewKey.make()
    values = {
        "bureau": bureau,
        "key_id": key.key_id,
        "secret_hash": key.hash,
        "role": role.value,
        "unit": unit,
        "actor": actor,
        "scopes": sorted({scope.value for scope in scopes}) or None,
        "networks": [str(read_network(one)) for one in networks] or None,
        "expires_at": expires_at,
    }
    if (await connection.execute(INSERT_KEY, values)).scalar_one() is False:
        raise Invalid("到期时间已过")
    return key


async def rotate_key(
    connection: AsyncConnection,
    bureau: int,
    key_id: str,
    *,
    grace: timedelta,
    expires_at: datetime | None = None,
) -> NewKey:
    """A new key of the same holder, role, unit, scopes and networks; the old one ends after
    `grace`, at the latest when it would have anyway."""
    if not LEAST_GRACE <= grace <= MOST_GRACE:
        raise Invalid(f"宽限至多 {MOST_GRACE.days} 天")
    found = await find_key(connection, bureau, key_id)
    if not found.is_live:
        raise Conflict(f"密钥 {key_id} 已失效，请另行签发")
    if found.is_rotated:
        raise Conflict(f"密钥 {key_id} 已轮换过，请轮换接替它的那一个")
    key = NewKey.make()
    values = {"bureau": bureau, "key_id": key_id}
    made = {"next": key.key_id, "secret_hash": key.hash, "expires_at": expires_at}
    await connection.execute(INSERT_NEXT, {**values, **made})
    await connection.execute(RETIRE, {**values, "grace": grace})
    return key


async def find_key(connection: AsyncConnection, bureau: int, key_id: str) -> Any:
    row = (await connection.execute(LOCK_KEY, {"bureau": bureau, "key_id": key_id})).first()
    if row is None:
        raise NotFound(f"没有编号为 {key_id} 的密钥")
    return row


async def revoke_key(connection: AsyncConnection, bureau: int, key_id: str) -> str | None:
    """Its holder; None where the bureau has no such key."""
    values = {"bureau": bureau, "key_id": key_id}
    holder = (await connection.execute(REVOKE, values)).scalar()
    return None if holder is None else str(holder)
