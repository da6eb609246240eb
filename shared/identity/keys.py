"""API keys: `mh_<8 id>_<secret>`, shown once, kept as a hash."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db import Database, Scope
from shared.domain.actor import Actor
from shared.domain.words import Role
from shared.errors import Unauthenticated

PREFIX = "mh"
ID_LENGTH = 8
ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
BOUND = frozenset({Role.UNIT, Role.BI})
REMEMBERED_SECONDS = 2.0
MOST_REMEMBERED = 10_000

# One of the two look-ups made before the bureau is known: the id is unique in the installation.
FIND_KEY = text(
    "SELECT bureau_id, key_id, secret_hash, role, unit_id, actor FROM minhu_key(:key_id)"
    " WHERE revoked_at IS NULL"
    " AND (expires_at IS NULL OR expires_at > clock_timestamp())"
)
INSERT_KEY = text(
    "INSERT INTO api_keys (bureau_id, key_id, secret_hash, role, unit_id, actor)"
    " VALUES (:bureau, :key_id, :secret_hash, :role, :unit, :actor)"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller who has shown a live key."""

    bureau: int
    actor: Actor

    @property
    def scope(self) -> Scope:
        """Whose rows its transactions see: one bound to a unit only what that may see."""
        return Scope(self.bureau, self.actor.unit if self.actor.role in BOUND else None)


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
    connection: AsyncConnection, bureau: int, *, role: Role, actor: str, unit: str | None = None
) -> NewKey:
    key = NewKey.make()
    await connection.execute(
        INSERT_KEY,
        {
            "bureau": bureau,
            "key_id": key.key_id,
            "secret_hash": key.hash,
            "role": role.value,
            "unit": unit,
            "actor": actor,
        },
    )
    return key


class KeyStore:
    """Looks keys up, and remembers them for two seconds: a revoked key is dead soon after."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, bytes, Identity]] = {}

    async def identify(self, token: str) -> Identity:
        """Raises Unauthenticated, in the same words for every reason."""
        key_id, secret = split_token(token)
        given = secret_hash(secret)
        known = self._known.get(key_id)
        if known is None or known[0] < time.monotonic():
            known = await self._look_up(key_id)
        if known is None or not hmac.compare_digest(known[1], given):
            raise Unauthenticated
        return known[2]

    async def _look_up(self, key_id: str) -> tuple[float, bytes, Identity] | None:
        async with self._database.unscoped() as connection:
            row = (await connection.execute(FIND_KEY, {"key_id": key_id})).first()
        if row is None:
            self._known.pop(key_id, None)
            return None
        actor = Actor(role=Role(row.role), name=row.actor, key=row.key_id, unit=row.unit_id)
        found = (
            time.monotonic() + REMEMBERED_SECONDS,
            bytes(row.secret_hash),
            Identity(row.bureau_id, actor),
        )
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[key_id] = found
        return found


def split_token(token: str) -> tuple[str, str]:
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != PREFIX or len(key_id) != ID_LENGTH or not secret:
        raise Unauthenticated
    return key_id, secret
