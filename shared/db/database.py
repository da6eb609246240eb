"""Engine and transactions. Each names first whose rows it is about, local to itself."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import CursorResult, ExceptionContext, Row, TextClause, event, text
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.db.connection import Connection
from shared.db.origin import IS_FOREIGN, IS_NOTED, RestoredElsewhere
from shared.db.pulse import Pulse
from shared.db.scope import Scope, Wider
from shared.errors import Unavailable

# Deadlock, serialisation failure, lock not available, query cancelled, connection trouble,
# a server that only reads for now.
ONLY_READS = "25006"
TRANSIENT_STATES = ("40", "55P03", "57", "08", "53", ONLY_READS)
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})

SESSION = {
    "jit": "off",
    "application_name": "minhu",
    # Ours are long statements and waits for locks: without looking, the server would hold the
    # claims of a killed process until they end.
    "client_connection_check_interval": "1s",
}

# Local to the transaction, and the first thing in it: what is selected after it in the same list is
# read under it, since a list is evaluated in its order and sub-selects when their turn comes.
SCOPE = "set_config('minhu.bureau_id', :setting, true), set_config('minhu.unit_id', :unit, true),"
# The transaction id is taken before the clock is read: whatever an open transaction will record
# carries a time not before its id, so a reader's horizon by id is a horizon in time as well.
BEGIN_WRITING = text(
    f"SELECT {SCOPE} pg_current_xact_id(),"  # noqa: S608 - constants only
    " minhu_now_held() AS now,"
    " (SELECT config_version FROM bureaus WHERE bureau_id = :bureau) AS config_version,"
    " (CAST(:lock AS bigint) = 0 OR pg_try_advisory_xact_lock(CAST(:lock AS bigint))) AS locked"
)
BEGIN_READING = text(
    f"SELECT {SCOPE} minhu_now() AS now,"  # noqa: S608 - constants only
    " (SELECT config_version FROM bureaus WHERE bureau_id = :bureau) AS config_version,"
    " true AS locked"
)
SET_UNIT = text("SELECT set_config('minhu.unit_id', :unit, true)")


# The driver's word for a connection that is taking in an error nobody waited for.
FAREWELL = "another operation (2) is in progress"


@dataclass(frozen=True, slots=True)
class Tx:
    """One open transaction of one bureau. `now` is the one time everything in it happens at.

    `unit`: under row-level security it sees that unit's part alone; None for the whole bureau.
    `locked` is False where the advisory lock asked for is in another transaction's hands.
    """

    connection: AsyncConnection
    bureau: int
    now: datetime
    config_version: int
    locked: bool = True
    unit: str | None = None

    @asynccontextmanager
    async def widened(self, why: Wider) -> AsyncIterator["Tx"]:
        """The same over the whole bureau, for what `why` says and nothing else.

        After a failed statement the transaction is lost, and its settings with it.
        """
        if self.unit is None:
            yield self
            return
        await self.run(SET_UNIT, unit="")
        try:
            yield replace(self, unit=None)
        except (SQLAlchemyError, OSError):
            raise
        except Exception:
            await self.run(SET_UNIT, unit=self.unit)
            raise
        await self.run(SET_UNIT, unit=self.unit)

    async def run(self, statement: TextClause, **values: Any) -> CursorResult[Any]:
        return await self.connection.execute(statement, values)

    async def rows(self, statement: TextClause, **values: Any) -> Sequence[Row[Any]]:
        return (await self.connection.execute(statement, values)).all()

    async def row(self, statement: TextClause, **values: Any) -> Row[Any] | None:
        return (await self.connection.execute(statement, values)).first()


class Database:
    """The engine of one process. `url` is postgresql://user:password@host:port/name.

    `options`: settings of the server for all its sessions.
    """

    def __init__(
        self, url: str, *, pool_size: int = 8, options: Mapping[str, str] = NO_OPTIONS
    ) -> None:
        self.url = url
        self.pulse = Pulse(url)
        self.engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            hide_parameters=True,  # what is written may be a citizen's words
            connect_args={
                "timeout": 5,
                "connection_class": Connection,
                "server_settings": {**SESSION, **options},
            },
        )
        event.listen(self.engine.sync_engine, "checkout", refuse_closed)
        event.listen(self.engine.sync_engine, "connect", refuse_foreign_server)
        event.listen(self.engine.sync_engine, "handle_error", keep_others)
        # The same connections, but every transaction sees one moment.
        self.snapshots = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @asynccontextmanager
    async def transaction(
        self, whose: Scope | int, *, writing: bool = True, snapshot: bool = False, lock: int = 0
    ) -> AsyncIterator[Tx]:
        """Commits on leaving, rolls back on any error. A lost connection is `Unavailable`.

        `whose`: of a request always the scope of who asks; a number is a whole bureau.
        `snapshot`: all its statements see one moment, and it cannot write.
        """
        scope = Scope.of(whose)
        bureau, unit = scope.bureau, scope.unit
        named: Mapping[str, Any] = {"setting": str(bureau), "unit": unit or "", "bureau": bureau}
        try:
            engine = self.snapshots if snapshot else self.engine
            async with self.pulse.watched(), engine.begin() as connection:
                if writing:
                    begun = await connection.execute(BEGIN_WRITING, {**named, "lock": lock})
                else:
                    begun = await connection.execute(BEGIN_READING, named)
                row = begun.one()
                known = row.config_version or 0
                yield Tx(connection, bureau, row.now, known, locked=row.locked, unit=unit)
        except (DBAPIError, NoneFree, OSError, TimeoutError) as error:
            # A snapshot only reads by our own wish: to write there is no trouble that passes.
            if is_transient(error) and not (snapshot and state_of(error) == ONLY_READS):
                raise Unavailable from error
            raise

    @asynccontextmanager
    async def unscoped(self) -> AsyncIterator[AsyncConnection]:
        """For the look-ups made before the bureau is known, and for what belongs to none.

        Under row-level security it sees no row of any bureau: what it may ask are the functions
        that answer those look-ups.
        """
        try:
            async with self.pulse.watched(), self.engine.begin() as connection:
                yield connection
        except (DBAPIError, NoneFree, OSError, TimeoutError) as error:
            if is_transient(error):
                raise Unavailable from error
            raise

    async def vacuum(self, tables: Collection[str]) -> None:
        """Looks through tables that have changed altogether, as the server's own rounds would.

        Outside of any transaction. A server that does not let us only says so in its log.
        """
        engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(f"VACUUM (ANALYZE) {', '.join(tables)}"))

    async def close(self) -> None:
        self.pulse.close()
        await self.engine.dispose()


def refuse_closed(connection: Any, *_: object) -> None:
    """A connection that was cut while nobody used it is made anew: it must fail nobody's request.

    The event loop has heard of the cut, so asking costs no round trip.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def keep_others(context: ExceptionContext) -> None:
    """One that was cut says nothing of the others: each is looked at when it is taken.

    One whose server has just said farewell is lost too, though its end is not heard yet.
    """
    context.invalidate_pool_on_disconnect = False
    if FAREWELL in str(context.original_exception):
        context.is_disconnect = True


def refuse_foreign_server(connection: Any, _: object) -> None:
    """On every new connection. A database without the note, not migrated yet, is let through."""
    cursor = connection.cursor()
    try:
        cursor.execute(IS_NOTED)
        if cursor.fetchone()[0]:
            cursor.execute(IS_FOREIGN)
            found = cursor.fetchone()
            if found is not None and found[0]:
                raise RestoredElsewhere
    finally:
        cursor.close()
        connection.rollback()


def is_transient(error: BaseException) -> bool:
    """Worth another try: the server was away, or two transactions crossed."""
    if isinstance(error, Unavailable | NoneFree | OSError | TimeoutError):
        return True
    if not isinstance(error, SQLAlchemyError):
        return False
    if isinstance(error, InterfaceError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or state_of(error).startswith(TRANSIENT_STATES)
    return isinstance(error, OperationalError)


def state_of(error: BaseException) -> str:
    """The SQLSTATE behind it; nothing where there is none."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""
