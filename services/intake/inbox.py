"""Keeping what platforms send: one statement a group, committed before anyone is answered.

Group commit has no timer: whatever queued while the last group was being written is the next.
The pool is asyncpg's own, in autocommit: the one measured exception to the house's transactions.
"""

import asyncio
import contextlib
import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import asyncpg

from shared.db import Scope
from shared.errors import Unavailable
from shared.vault.keyring import Keyring
from shared.vault.originals import seal_original

GROUP = 64
MOST_QUEUED = 2000
POOL_SIZE = 8
LONGEST_SECONDS = 4.0  # for a connection, and again for writing a group
LOST = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# $1 bureau; the rest are arrays, one element a message. The bureau is named first, local to the
# statement's own transaction. Messages known already are left as they are and not answered.
KEEP = """
WITH named AS MATERIALIZED (SELECT set_config('minhu.bureau_id', $1::int::text, true) AS bureau),
kept AS (
    INSERT INTO raw_messages (bureau_id, message_id, source, webhook_id, digest, body, type,
        upstream_no, stream_id, received_at, state, problem, trace, seal_key_id)
    SELECT n.bureau::int, m.* FROM named AS n, unnest($2::uuid[], $3::text[], $4::text[],
        $5::bytea[], $6::bytea[], $7::text[], $8::text[], $9::bigint[], $10::timestamptz[],
        $11::text[], $12::jsonb[], $13::text[], $14::text[]) AS m
    ON CONFLICT (bureau_id, message_id) DO NOTHING
    RETURNING message_id, arrival, stream_id, state
), owed AS (
    INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type, payload)
    SELECT $1, stream_id, arrival, 'intake', 'message.received',
        jsonb_build_object('message_id', message_id)
    FROM kept WHERE state = 'pending'
)
SELECT message_id FROM kept
"""


@dataclass(frozen=True)
class Incoming:
    """One message, checked: `state` is pending, ignored or quarantined (with its problem)."""

    bureau: int
    source: str
    webhook_id: str
    body: bytes
    received_at: datetime
    state: str
    type: str | None = None
    upstream_no: str | None = None
    problem: str | None = None
    trace: str | None = None

    @property
    def scope(self) -> Scope:
        return Scope(self.bureau)

    @cached_property
    def message_id(self) -> uuid.UUID:
        """Follows from source and webhook-id, so the primary key is what tells duplicates."""
        return message_id_of(self.source, self.webhook_id)

    @cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body).digest()

    @property
    def stream_id(self) -> int:
        """Messages on one upstream number share it; negative, so that no ticket has it."""
        name = f"{self.bureau}:{self.upstream_no or self.webhook_id}"
        return -1 - (int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1)


def message_id_of(source: str, webhook_id: str) -> uuid.UUID:
    return uuid.UUID(bytes=hashlib.sha256(f"{source}\0{webhook_id}".encode()).digest()[:16])


Waiter = tuple[Incoming, "asyncio.Future[bool]"]


@dataclass(slots=True)
class Inbox:
    pool: Any
    keyring: Keyring
    group_commit: bool
    _queue: list[Waiter] = field(default_factory=list)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: bool = False

    async def keep(self, message: Incoming) -> bool:
        """Once it returns the message is committed; False where it was there before."""
        if not self.group_commit:
            return message.message_id in await self._write([message])
        if self._closing or len(self._queue) >= MOST_QUEUED:
            raise Unavailable
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append((message, waiter))
        self._wanted.set()
        return await waiter

    async def run(self) -> None:
        """Writes group after group, until closed and empty. Nobody is ever left waiting."""
        group: list[Waiter] = []
        try:
            while not (self._closing and not self._queue):
                await self._wanted.wait()
                self._wanted.clear()
                while self._queue:
                    group, self._queue = self._queue[:GROUP], self._queue[GROUP:]
                    await self._write_group(group)
        finally:
            self._closing = True
            fail([*group, *self._queue], Unavailable())

    def close(self) -> None:
        self._closing = True
        self._wanted.set()

    async def _write_group(self, group: list[Waiter]) -> None:
        for bureau in {message.bureau for message, _ in group}:
            waiters = [one for one in group if one[0].bureau == bureau]
            try:
                kept = await self._write([message for message, _ in waiters])
            except Unavailable as error:  # the server is away: it is for all who wait
                fail([*group, *self._queue], error)
                self._queue.clear()
                return
            except Exception:  # noqa: BLE001 - whatever it is, it must not end the writing
                await self._write_singly(waiters)
                continue
            told: set[uuid.UUID] = set()
            for message, waiter in waiters:
                is_new = message.message_id in kept and message.message_id not in told
                told.add(message.message_id)
                if not waiter.done():
                    waiter.set_result(is_new)

    async def _write_singly(self, waiters: list[Waiter]) -> None:
        """One bad message must not fail the others of its group."""
        for message, waiter in waiters:
            try:
                is_new = message.message_id in await self._write([message])
            except Exception as error:  # noqa: BLE001 - told to whoever waits for this one
                if not waiter.done():
                    waiter.set_exception(error)
            else:
                if not waiter.done():
                    waiter.set_result(is_new)

    async def _write(self, messages: list[Incoming]) -> set[uuid.UUID]:
        columns = zip(*(values_of(one, self.keyring) for one in messages), strict=True)
        try:
            async with self.pool.acquire(timeout=LONGEST_SECONDS) as connection:
                rows = await self._fetch(connection, messages[0].bureau, *map(list, columns))
        except LOST as error:
            raise Unavailable from error
        except asyncpg.PostgresError as error:
            if (error.sqlstate or "").startswith(("57", "08", "53", "40", "25006")):
                raise Unavailable from error
            raise
        return {row["message_id"] for row in rows}

    async def _fetch(self, connection: Any, *values: Any) -> Any:
        """Dropped where its server hangs, or has said farewell and its end is not heard yet."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await connection.fetch(KEEP, *values)
        except (TimeoutError, asyncpg.InternalClientError):
            connection.terminate()
            raise


def fail(waiters: list[Waiter], error: Exception) -> None:
    for _, waiter in waiters:
        if not waiter.done():
            waiter.set_exception(error)


def values_of(message: Incoming, keyring: Keyring) -> tuple[Any, ...]:
    sealed, key_id = seal_original(
        message.body, message.message_id, bureau=message.bureau, keyring=keyring
    )
    return (
        message.message_id,
        message.source,
        message.webhook_id,
        message.digest,
        sealed,
        message.type,
        message.upstream_no,
        message.stream_id,
        message.received_at,
        message.state,
        message.problem,
        message.trace,
        key_id,
    )


async def no_reset(connection: Any) -> None:
    """Nothing here sets session state, so releasing a connection needs no round trip."""


@contextlib.asynccontextmanager
async def open_inbox(
    database_url: str, keyring: Keyring, *, group_commit: bool
) -> AsyncIterator[Inbox]:
    pool = await asyncpg.create_pool(
        database_url, min_size=1, max_size=POOL_SIZE, reset=no_reset, timeout=LONGEST_SECONDS
    )
    inbox = Inbox(pool, keyring, group_commit)
    flusher = asyncio.create_task(inbox.run())
    try:
        yield inbox
    finally:
        inbox.close()
        await flusher
        await pool.close()
