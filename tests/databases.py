"""A database for each test: copied from the migrated one, and handed on once its rows are as there.

A copy takes the server ten times as long as putting rows back. One in which more than rows has
changed, or that has grown, is dropped, and the next test gets a new copy.
"""

import io
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

FIRST_OWN_OID = 16_384
MOST_BYTES = 32_000_000
TABLES = (
    "SELECT oid::regclass::text FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
)
SEQUENCES = (
    "SELECT oid::regclass::text FROM pg_class"
    " WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace ORDER BY 1"
)
# They refuse deletion even where replicas' rows are written.
GUARDS = (
    "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A' ORDER BY 1, 2"
)
CUT = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
SIZE = "SELECT pg_database_size(current_database())"
# Whatever is defined, altered or granted leaves a new row version in one of these.
DEFINED = {
    "pg_class": "oid",
    "pg_attribute": "attrelid",
    "pg_attrdef": "oid",
    "pg_constraint": "oid",
    "pg_index": "indexrelid",
    "pg_type": "oid",
    "pg_proc": "oid",
    "pg_trigger": "oid",
    "pg_policy": "oid",
    "pg_rewrite": "oid",
    "pg_extension": "oid",
    "pg_default_acl": "oid",
}
DEFINITIONS = " UNION ALL ".join(
    [
        f"SELECT '{catalog}', count(*), max(xmin::text::bigint) FROM {catalog}"
        f" WHERE {key} >= {FIRST_OWN_OID}"
        for catalog, key in DEFINED.items()
    ]
    + [
        "SELECT 'pg_namespace', count(*), max(xmin::text::bigint) FROM pg_namespace"
        " WHERE nspname NOT LIKE '%temp%'",
        "SELECT 'settings', count(*), 0 FROM pg_db_role_setting AS s"
        " JOIN pg_database AS d ON d.oid = s.setdatabase WHERE d.datname = current_database()",
    ]
)


@dataclass(frozen=True)
class Content:
    """Of the migrated database: its rows, and the statements that empty a copy and end it."""

    emptied: str
    rows: dict[str, bytes]
    ended: str


@dataclass
class Databases:
    """`url`: the superuser's, of any database. `template`: the migrated one, used by nobody."""

    url: str
    template: str
    _content: Content | None = None
    _idle: list[str] = field(default_factory=list)
    _definitions: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @asynccontextmanager
    async def lend(self, *, again: bool = True) -> AsyncIterator[str]:
        """The name of a database of one's own. `again`: it may have been another's before."""
        name = self._idle.pop() if again and self._idle else await self._copy()
        try:
            yield name
        finally:
            if again and await self._restore(name):
                self._idle.append(name)
            else:
                await self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def _copy(self) -> str:
        if self._content is None:
            async with self._connected(self.template) as connection:
                self._content = await read(connection)
                self._definitions[self.template] = await defined(connection)
        name = f"test_{next(self._numbers)}"
        await self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" OWNER minhu_owner')
        self._definitions[name] = self._definitions[self.template]
        return name

    async def _restore(self, name: str) -> bool:
        """False where it is beyond that."""
        content = self._content
        assert content is not None
        async with self._connected(name) as connection:
            await connection.execute(CUT)
            if await connection.fetchval(SIZE) > MOST_BYTES:
                return False
            if await defined(connection) != self._definitions[name]:
                return False
            async with connection.transaction():
                await connection.execute(content.emptied)
                for table, rows in content.rows.items():
                    await connection.copy_to_table(table, source=io.BytesIO(rows), format="binary")
                await connection.execute(content.ended)
            await connection.execute("SELECT pg_stat_reset()")
            self._definitions[name] = await defined(connection)
        return True

    async def _run(self, statement: str) -> None:
        async with self._connected("postgres") as connection:
            await connection.execute(statement)

    @asynccontextmanager
    async def _connected(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(f"{self.url.rsplit('/', 1)[0]}/{database}")
        try:
            yield connection
        finally:
            await connection.close()


async def read(connection: asyncpg.Connection) -> Content:
    tables = [row[0] for row in await connection.fetch(TABLES)]
    rows = {}
    for table in tables:
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
            copied = io.BytesIO()
            await connection.copy_from_table(table, output=copied, format="binary")
            rows[table] = copied.getvalue()
    counts = []
    for one in [row[0] for row in await connection.fetch(SEQUENCES)]:
        at = await connection.fetchrow(f"SELECT last_value, is_called FROM {one}")
        counts.append(f"setval('{one}', {at['last_value']}, {at['is_called']})")
    guards = [tuple(row) for row in await connection.fetch(GUARDS)]
    return Content(
        emptied="; ".join(
            ["SET LOCAL session_replication_role = replica"]
            + [f"ALTER TABLE {table} DISABLE TRIGGER {guard}" for table, guard in guards]
            + [f"DELETE FROM {table}" for table in tables]
        ),
        rows=rows,
        ended="; ".join(
            [f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}" for table, guard in guards]
            + [f"SELECT {', '.join(counts)}"]
        ),
    )


async def defined(connection: asyncpg.Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.fetch(DEFINITIONS)]
