"""Who shows a token: a key of a system, or a person's session."""

import asyncio
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared.db import Database, Scope
from shared.domain.actor import Actor
from shared.domain.words import Role
from shared.errors import Unauthenticated
from shared.identity.keys import ID_LENGTH, LIVE, PREFIX, secret_hash
from shared.identity.networks import Network, read_network
from shared.identity.uses import Uses

REMEMBERED_SECONDS = 2.0
MOST_REMEMBERED = 10_000
# Whose key or session is always that of one unit, or of a part of the bureau.
BOUND = frozenset({Role.UNIT, Role.BI})

# One of the two look-ups made before the bureau is known: the id is unique in the installation.
FIND_TOKEN = text(
    "SELECT bureau_id, key_id, secret_hash, role, unit_id, actor, scopes, networks,"  # noqa: S608
    " extract(epoch FROM expires_at - clock_timestamp()) AS seconds, CAST(NULL AS text) AS account"
    f" FROM minhu_key(:id) WHERE {LIVE}"
    " UNION ALL SELECT bureau_id, session_id, secret_hash, role, unit_id, actor, NULL, NULL,"
    " extract(epoch FROM least(expires_at, last_used_at + idle_seconds * interval '1 second')"
    " - clock_timestamp()), account FROM minhu_session(:id) WHERE ended_at IS NULL"
    " AND expires_at > clock_timestamp()"
    " AND last_used_at + idle_seconds * interval '1 second' > clock_timestamp()"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller who has shown a live token. `account` is set where it is a person's session.

    `key_scopes` None: all that the role may do. `networks` empty: from anywhere.
    """

    bureau: int
    actor: Actor
    key_scopes: frozenset[str] | None = None
    networks: tuple[Network, ...] = ()
    account: str | None = None

    @property
    def scope(self) -> Scope:
        """Whose rows its transactions see: one bound to a unit only what that may see."""
        return Scope(self.bureau, self.actor.unit if self.actor.role in BOUND else None)


@dataclass(frozen=True, slots=True)
class Known:
    """`until` (monotonic) is when to look again; `dead_at` when it expires by itself."""

    until: float
    dead_at: float
    hash: bytes
    identity: Identity


class KeyStore:
    """Looks tokens up, and remembers them for two seconds: a revoked one is dead soon after."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Sequence[Known]] = {}
        self._opened: dict[str, None] = {}
        self._uses = Uses(database)
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._writing = asyncio.create_task(self._uses.run())

    async def stop(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])

    async def identify(self, token: str, *, strangers: bool = True) -> Identity:
        """Raises Unauthenticated, in the same words for every reason.

        Without `strangers` an id that never opened anything here is not looked for.
        """
        token_id, secret = split_token(token)
        given = secret_hash(secret)
        now = time.monotonic()
        known = self._known.get(token_id)
        if known is None or any(one.until < now for one in known):
            if not strangers and token_id not in self._opened:
                raise Unauthenticated
            known = await self._look_up(token_id)
        for one in known:
            if hmac.compare_digest(one.hash, given) and time.monotonic() < one.dead_at:
                self._remember(token_id)
                self._uses.note(one.identity.bureau, token_id)
                return one.identity
        raise Unauthenticated

    async def _look_up(self, token_id: str) -> Sequence[Known]:
        asked_at = time.monotonic()
        async with self._database.unscoped() as connection:
            rows = (await connection.execute(FIND_TOKEN, {"id": token_id})).all()
        if not rows:
            self._known.pop(token_id, None)
            return ()
        found = [known_of(row, asked_at) for row in rows]
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[token_id] = found
        return found

    def _remember(self, token_id: str) -> None:
        if token_id not in self._opened:
            if len(self._opened) >= MOST_REMEMBERED:
                self._opened.pop(next(iter(self._opened)))
            self._opened[token_id] = None

    def forget(self, token_id: str) -> None:
        """It has just been ended by this very process."""
        self._known.pop(token_id, None)


def known_of(row: Any, asked_at: float) -> Known:
    identity = Identity(
        row.bureau_id,
        Actor(role=Role(row.role), name=row.actor, key=row.key_id, unit=row.unit_id),
        key_scopes=None if row.scopes is None else frozenset(row.scopes),
        networks=tuple(read_network(one) for one in row.networks or ()),
        account=row.account,
    )
    lives = float("inf") if row.seconds is None else float(row.seconds)
    # A session's end moves on with its use, which is written later: it is judged anew each time.
    return Known(asked_at + REMEMBERED_SECONDS, asked_at + lives, bytes(row.secret_hash), identity)


def split_token(token: str) -> tuple[str, str]:
    prefix, _, rest = token.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != PREFIX or len(token_id) != ID_LENGTH or not token_id.isascii() or not secret:
        raise Unauthenticated
    if not token_id.isalnum():
        raise Unauthenticated
    return token_id, secret
