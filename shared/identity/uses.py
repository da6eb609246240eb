"""When each token was last used: written at most once a minute, and never in a call's way."""

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shared.db import Database
from shared.errors import Unavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
WRITE_SECONDS = 60.0
FORGET_SECONDS = 600.0
MOST_NOTED = 20_000

# Rows are taken in one order by all processes; one in another's hands is left for the next time.
WRITE = {
    table: text(
        "WITH used AS (SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:ages AS float8[]))"  # noqa: S608
        f" AS u (id, age)), due AS (SELECT t.{key} AS id FROM {table} AS t JOIN used"
        f" ON used.id = t.{key} WHERE t.bureau_id = :bureau AND (t.last_used_at IS NULL"
        " OR t.last_used_at < clock_timestamp() - interval '60 seconds')"
        f" ORDER BY t.{key} FOR UPDATE OF t SKIP LOCKED)"
        f" UPDATE {table} AS t SET last_used_at = greatest(t.last_used_at,"
        " clock_timestamp() - used.age * interval '1 second') FROM used JOIN due USING (id)"
        f" WHERE t.bureau_id = :bureau AND t.{key} = used.id RETURNING t.{key} AS id"
    )
    for table, key in (("api_keys", "key_id"), ("sessions", "session_id"))
}


class Uses:
    """Of one process. What cannot be written now is tried again, for some minutes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[tuple[int, str], float] = {}
        self._written: dict[tuple[int, str], float] = {}

    def note(self, bureau: int, token_id: str) -> None:
        if len(self._used) < MOST_NOTED or (bureau, token_id) in self._used:
            self._used[bureau, token_id] = time.monotonic()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.write()

    async def write(self) -> None:
        now = time.monotonic()
        self._written = {one: at for one, at in self._written.items() if now - at < WRITE_SECONDS}
        self._used = {one: at for one, at in self._used.items() if now - at < FORGET_SECONDS}
        due = {one: at for one, at in self._used.items() if one not in self._written}
        for bureau in sorted({bureau for bureau, _ in due}):
            ages = {key: now - at for (of, key), at in due.items() if of == bureau}
            try:
                written = await self._write(bureau, ages)
            except (Unavailable, SQLAlchemyError) as error:
                log.warning("last uses not written", extra={"kind": type(error).__name__})
                return
            for key in written:
                self._written[bureau, key] = now
                if self._used.get((bureau, key)) == due[bureau, key]:
                    del self._used[bureau, key]

    async def _write(self, bureau: int, ages: Mapping[str, float]) -> Iterable[str]:
        values = {"ids": list(ages), "ages": list(ages.values())}
        written = []
        async with self._database.transaction(bureau, writing=False) as tx:
            for statement in WRITE.values():
                rows = await tx.rows(statement, bureau=bureau, **values)
                written += [str(row.id) for row in rows]
        return written
