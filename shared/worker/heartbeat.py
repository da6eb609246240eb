"""The worker's heartbeat: one row that says that it lives, what fails in it, what it has in hand.

What is in hand is written down before it is handled: a message that ends the worker outright each
time leaves its mark behind, and whoever finds the dead worker's row counts a failed try for it.
"""

import asyncio
import contextlib
import logging
import os
import platform
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import TextClause, text

from shared.db import Database
from shared.errors import Unavailable
from shared.tickets import Hotline
from shared.worker.deliveries import Delivery
from shared.worker.failures import charge, describe

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
DEAD_SECONDS = 15.0  # without a beat, where nobody can look whether the process is there
LEAVING_SECONDS = 1.0
BOOT = Path("/proc/sys/kernel/random/boot_id")
PROCESSES = Path("/proc/self/ns/pid")

HAND = "hand_bureau, hand_subscriber, hand_streams, hand_seqs"
HELD = ":bureau, :subscriber, CAST(:streams AS bigint[]), CAST(:seqs AS bigint[])"
BEGUN = "worker_id, machine, pid, started_at, beat_at"
BEGIN = ":id, :machine, :pid, clock_timestamp(), clock_timestamp()"
AGO = "clock_timestamp() - make_interval(secs => CAST(:{} AS double precision))"
BEAT = text(
    f"INSERT INTO workers AS w ({BEGUN}, drained_at, horizon_moved_at, skew_seconds, failing,"  # noqa: S608
    f" last_error, last_error_at) VALUES ({BEGIN}, {AGO.format('drained')},"
    f" {AGO.format('horizon')}, :skew, CAST(:failing AS jsonb), :error, {AGO.format('erred')})"
    " ON CONFLICT (worker_id) DO UPDATE SET beat_at = EXCLUDED.beat_at,"
    " drained_at = EXCLUDED.drained_at, horizon_moved_at = EXCLUDED.horizon_moved_at,"
    " skew_seconds = EXCLUDED.skew_seconds, failing = EXCLUDED.failing,"
    " last_error = EXCLUDED.last_error, last_error_at = EXCLUDED.last_error_at"
    " RETURNING CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS horizon,"
    " CAST(extract(epoch FROM clock_timestamp()) AS double precision) AS clock"
)
HOLD = text(
    f"INSERT INTO workers ({BEGUN}, {HAND}) VALUES ({BEGIN}, {HELD})"  # noqa: S608
    " ON CONFLICT (worker_id) DO UPDATE SET hand_bureau = EXCLUDED.hand_bureau,"
    " hand_subscriber = EXCLUDED.hand_subscriber, hand_streams = EXCLUDED.hand_streams,"
    " hand_seqs = EXCLUDED.hand_seqs"
)
OTHERS = text(
    "SELECT worker_id, machine, pid, beat_at < clock_timestamp()"
    " - make_interval(secs => CAST(:dead AS double precision)) AS is_silent"
    " FROM workers WHERE worker_id <> :id"
)
BURY = text(f"DELETE FROM workers WHERE worker_id = :id RETURNING {HAND}")  # noqa: S608


@dataclass(slots=True)
class Heartbeat:
    """`database`: a connection of its own, so that no beat waits for the pool.

    `failing`: work that failed when it was last tried, and the kind of its error.
    """

    database: Database
    worker_id: uuid.UUID = field(default_factory=uuid.uuid4)
    failing: dict[str, str] = field(default_factory=dict)
    _drained: float | None = None
    _erred: float | None = None
    _error: str | None = None
    _horizon: str = ""
    _moved: float = field(default_factory=time.monotonic)
    _skew: float | None = None

    @classmethod
    def open(cls, hotline: Hotline) -> "Heartbeat":
        """Its writes are told again every beat: none waits for the disk."""
        url = hotline.settings.database_url
        return cls(Database(url, pool_size=1, options={"synchronous_commit": "off"}))

    async def look(self, hotline: Hotline) -> None:
        """Before the first drain too: what ended a worker is counted before it is met again."""
        try:
            await self.beat()
            await self.bury_dead(hotline)
        except Unavailable:
            log.warning("no heartbeat, database away")

    async def run(self, hotline: Hotline) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            await self.look(hotline)

    def fail(self, work: str, error: Exception) -> None:
        self._error, self._erred = describe(error), time.monotonic()
        self.failing[work] = self._error

    def succeed(self, work: str) -> None:
        self.failing.pop(work, None)
        if work == "drain":
            self._drained = time.monotonic()

    async def beat(self) -> None:
        asked = time.time()
        row = await self._write(
            BEAT,
            **self._who(),
            drained=ago(self._drained),
            horizon=ago(self._moved),
            skew=self._skew,
            failing=orjson.dumps(self.failing).decode(),
            error=self._error,
            erred=ago(self._erred),
        )
        self._skew = (asked + time.time()) / 2 - row.clock
        if row.horizon != self._horizon:  # every beat takes an id: it moves unless it is held
            self._horizon, self._moved = row.horizon, time.monotonic()

    async def hold(self, bureau: int, batch: Sequence[Delivery]) -> None:
        """Told before the batch is handled; unheard, the batch is handled all the same."""
        with contextlib.suppress(Unavailable):
            await self._write(
                HOLD,
                **self._who(),
                bureau=bureau,
                subscriber=batch[0].subscriber,
                streams=[one.stream_id for one in batch],
                seqs=[one.seq for one in batch],
            )

    async def bury_dead(self, hotline: Hotline) -> None:
        """One worker alone gets a dead one's row, and counts what it had in hand."""
        async with self.database.unscoped() as connection:
            others = (
                await connection.execute(OTHERS, {"id": self.worker_id, "dead": DEAD_SECONDS})
            ).all()
        for one in others:
            if one.is_silent or is_gone(one.machine, one.pid):
                row = await self._write(BURY, id=one.worker_id)
                log.warning("a worker is gone", extra={"worker_id": one.worker_id, "pid": one.pid})
                if row is not None and row.hand_bureau is not None:
                    await charge(
                        hotline,
                        row.hand_bureau,
                        row.hand_subscriber,
                        row.hand_streams,
                        row.hand_seqs,
                    )

    async def leave(self) -> None:
        """Ended as told: nobody has to find out."""
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                await self._write(BURY, id=self.worker_id)
        await self.database.close()

    def _who(self) -> dict[str, Any]:
        return {"id": self.worker_id, "machine": machine(), "pid": os.getpid()}

    async def _write(self, statement: TextClause, **values: Any) -> Any:
        async with self.database.unscoped() as connection:
            result = await connection.execute(statement, values)
            return result.first() if result.returns_rows else None


def ago(moment: float | None) -> float | None:
    return None if moment is None else time.monotonic() - moment


def machine() -> str:
    """Where process ids mean the same: this boot of this machine, and its container."""
    try:
        return f"{BOOT.read_text().strip()} {PROCESSES.readlink()}"
    except OSError:
        return platform.node()


def is_gone(its_machine: str, pid: int) -> bool:
    """Whether the process is known to be away; elsewhere nobody can look."""
    if not BOOT.exists() or its_machine != machine():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # somebody else's, so it is there
        return False
    return False
