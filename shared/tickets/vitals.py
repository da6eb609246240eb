"""How the installation does, read once: the server, the workers, what is owed and what waits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shared.audit.chain import UNLINKED
from shared.events.subscriptions import INTERNAL
from shared.tickets.hotline import Hotline

# Beyond these a fault is told; an alert waits longer, a person looks at once.
BEAT_SECONDS = 10.0
HORIZON_SECONDS = 10.0
SKEW_SECONDS = 2.0
CONNECTIONS_SHARE = 0.9
UNLINKED_SECONDS = 10.0

# Sessions of other roles show no times; a write of theirs left open shows in the workers' horizon.
SERVER = text(
    "SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'"
    " AS is_writable,"
    " CAST(extract(epoch FROM clock_timestamp()) AS double precision) AS clock,"
    " (SELECT CAST(sum(numbackends) AS integer) FROM pg_stat_database) AS connections,"
    " CAST(current_setting('max_connections') AS integer)"
    " - CAST(current_setting('superuser_reserved_connections') AS integer) AS most_connections,"
    " (SELECT CAST(coalesce(max(extract(epoch FROM clock_timestamp() - state_change)), 0)"
    "  AS double precision) FROM pg_stat_activity WHERE datname = current_database()"
    "  AND state LIKE 'idle in transaction%') AS idle_in_transaction,"
    " (SELECT CAST(coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)"
    "  AS double precision) FROM pg_stat_activity WHERE datname = current_database()"
    "  AND backend_xid IS NOT NULL) AS longest_write"
)
WORKERS = text(
    "SELECT CAST(extract(epoch FROM clock_timestamp() - beat_at) AS double precision) AS beat,"
    " CAST(extract(epoch FROM clock_timestamp() - drained_at) AS double precision) AS drained,"
    " CAST(extract(epoch FROM clock_timestamp() - horizon_moved_at) AS double precision)"
    " AS horizon, skew_seconds, failing, last_error FROM workers ORDER BY beat_at DESC"
)
UNLINKED_AGE = (
    "(SELECT CAST(coalesce(max(extract(epoch FROM"  # noqa: S608 - constants only
    " clock_timestamp() - e.recorded_at)), 0)"
    f" AS double precision) FROM audit_entries AS e WHERE {UNLINKED})"
)
OLDEST = text(
    "SELECT CAST(extract(epoch FROM"  # noqa: S608 - constants only
    " clock_timestamp() - min(created_at)) AS double precision) AS oldest,"
    " EXISTS (SELECT FROM deliveries WHERE bureau_id = :bureau"
    "  AND parked_at IS NOT NULL) AS has_parked,"
    " EXISTS (SELECT FROM raw_messages WHERE bureau_id = :bureau"
    "  AND state = 'quarantined') AS has_quarantined,"
    f" {UNLINKED_AGE} AS unlinked"
    " FROM deliveries WHERE bureau_id = :bureau AND parked_at IS NULL"
    " AND subscriber = ANY(CAST(:own AS text[]))"
)
# One statement, so that all its counts are of one moment.
OWED = text(
    "WITH owed AS (SELECT subscriber, count(*) FILTER (WHERE parked_at IS NULL) AS pending,"
    "  count(*) FILTER (WHERE parked_at IS NOT NULL) AS parked,"
    "  count(*) FILTER (WHERE parked_at IS NULL AND attempts > 0) AS retrying,"
    "  max(extract(epoch FROM clock_timestamp() - created_at)) FILTER (WHERE parked_at IS NULL)"
    "  AS oldest FROM deliveries WHERE bureau_id = :bureau GROUP BY subscriber),"
    " made AS (SELECT subscriber, sum(produced) AS produced FROM delivery_productions"
    "  WHERE bureau_id = :bureau GROUP BY subscriber),"
    " done AS (SELECT subscriber, sum(handled) AS handled FROM delivery_counts"
    "  WHERE bureau_id = :bureau GROUP BY subscriber)"
    " SELECT subscriber, CAST(coalesce(produced, 0) AS bigint) AS produced,"
    " CAST(coalesce(handled, 0) AS bigint) AS handled, coalesce(pending, 0) AS pending,"
    " coalesce(parked, 0) AS parked, coalesce(retrying, 0) AS retrying,"
    " CAST(coalesce(oldest, 0) AS double precision) AS oldest"
    " FROM owed FULL JOIN made USING (subscriber) FULL JOIN done USING (subscriber)"
    " ORDER BY subscriber"
)
MESSAGES = text(
    "SELECT state, count(*) AS messages, CAST(max(extract(epoch FROM clock_timestamp()"
    " - received_at)) AS double precision) AS oldest FROM raw_messages"
    " WHERE bureau_id = :bureau AND state IN ('waiting', 'quarantined') GROUP BY state"
)
STANDING = text(
    "SELECT 'endpoint' AS kind, subscriber AS name, 1 AS found FROM endpoints"
    " WHERE bureau_id = :bureau AND disabled_at IS NOT NULL"
    " UNION ALL SELECT 'failing', subscriber, 1 FROM endpoints"
    " WHERE bureau_id = :bureau AND failing_since IS NOT NULL AND disabled_at IS NULL"
    " UNION ALL SELECT 'case', source, count(*) FROM reconciliation_cases"
    " WHERE bureau_id = :bureau AND state = 'open' GROUP BY source ORDER BY kind, name"
)


@dataclass(frozen=True, slots=True)
class WorkerSigns:
    """Seconds since it last told of itself, finished a round, saw the oldest write change."""

    beat: float
    drained: float | None
    horizon: float | None
    skew_seconds: float | None
    failing: dict[str, str] | None
    last_error: str | None

    @property
    def lives(self) -> bool:
        return self.beat <= BEAT_SECONDS


@dataclass(frozen=True, slots=True)
class Vitals:
    """`skew_seconds`: this process's clock ahead of the server's."""

    is_writable: bool
    skew_seconds: float
    connections: int
    most_connections: int
    idle_in_transaction: float
    longest_write: float
    workers: Sequence[WorkerSigns]

    @property
    def living(self) -> list[WorkerSigns]:
        return [one for one in self.workers if one.lives]

    @property
    def horizon_seconds(self) -> float:
        """How long a write left open has held back what feeds may tell."""
        seen = [one.horizon for one in self.living if one.horizon is not None]
        return max(self.longest_write, min(seen, default=0.0))

    @property
    def worst_skew(self) -> float:
        known = [one.skew_seconds for one in self.living if one.skew_seconds is not None]
        return max([self.skew_seconds, *known], key=abs)

    @property
    def failing(self) -> dict[str, str]:
        """Work that fails in some worker, and the kind of its error."""
        return {name: kind for one in self.living for name, kind in (one.failing or {}).items()}

    def troubles(self) -> Iterator[str]:
        if not self.living:
            yield "worker_away"
        if self.failing:
            yield "sweep_failing"
        if abs(self.worst_skew) > SKEW_SECONDS:
            yield "clock_skew"
        if self.horizon_seconds > HORIZON_SECONDS:
            yield "horizon_held"
        if self.connections >= CONNECTIONS_SHARE * self.most_connections:
            yield "connections"


@dataclass(frozen=True, slots=True)
class Owed:
    """One subscriber's deliveries. What was produced is handled, or there: else it is missing."""

    subscriber: str
    produced: int
    handled: int
    pending: int
    parked: int
    retrying: int
    oldest: float

    @property
    def mismatch(self) -> int:
        return self.produced - self.handled - self.pending - self.parked


async def read_vitals(hotline: Hotline, clock: Callable[[], float]) -> Vitals:
    """`clock`: this process's own, in seconds of the epoch."""
    async with hotline.database.unscoped() as connection:
        asked = clock()
        server = (await connection.execute(SERVER)).one()
        middle = (asked + clock()) / 2
        workers = (await connection.execute(WORKERS)).all()
    values = dict(server._mapping)
    return Vitals(
        skew_seconds=middle - values.pop("clock"),
        workers=[WorkerSigns(**row._mapping) for row in workers],
        **values,
    )


async def read_owed(hotline: Hotline, bureau: int) -> list[Owed]:
    async with hotline.database.transaction(bureau, writing=False) as tx:
        return [Owed(**row._mapping) for row in await tx.rows(OWED, bureau=bureau)]


async def read_messages(hotline: Hotline, bureau: int) -> dict[str, tuple[int, float]]:
    """State → how many messages, and the age of the oldest in seconds."""
    async with hotline.database.transaction(bureau, writing=False) as tx:
        rows = await tx.rows(MESSAGES, bureau=bureau)
    return {row.state: (row.messages, row.oldest) for row in rows}


async def read_oldest(hotline: Hotline, bureau: int) -> Any:
    """`oldest` pending of our own handlers in seconds, `has_parked`, `has_quarantined`, and how
    long the oldest audit entry outside of the chain has been there (`unlinked`)."""
    async with hotline.database.transaction(bureau, writing=False) as tx:
        return await tx.row(OLDEST, bureau=bureau, own=list(INTERNAL))


async def read_standing(hotline: Hotline, bureau: int) -> Sequence[Any]:
    """What waits for a person: `kind` endpoint (disabled), failing or case, `name`, `found`."""
    async with hotline.database.transaction(bureau, writing=False) as tx:
        return await tx.rows(STANDING, bureau=bureau)
