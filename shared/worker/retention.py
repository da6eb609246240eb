"""What is kept no longer, day by day: erased in small batches, once a day, whoever gets to it.

How far the day's work has come is written with it, so that the next one goes on from there.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from sqlalchemy import text

from shared.audit.anchors import read_anchors
from shared.audit.cutting import cut_at, find_place, shed
from shared.db import Tx
from shared.domain.actor import SYSTEM
from shared.domain.calendar import in_city
from shared.domain.erasure import PREFIX, Retention, retention_of
from shared.domain.readings import ReadingKind
from shared.domain.words import ErasureCause, ErasurePart
from shared.erasure.erasing import Order, erase_tickets, record
from shared.erasure.finding import Due, find_obstacles, list_due
from shared.erasure.journal import list_tombstones, write_journal
from shared.erasure.requests import erase_messages, list_unattached
from shared.errors import Unavailable
from shared.tickets import Hotline, Ledger
from shared.tickets.loading import lock_free

log = logging.getLogger(__name__)

BATCH = 50
FIND_RUN = text(
    "SELECT after, finished_at FROM retention_runs WHERE bureau_id = :bureau AND day = :day"
)
BEGIN_RUN = text(
    "INSERT INTO retention_runs (bureau_id, day, after, started_at) VALUES (:bureau, :day, 0, :now)"
    " ON CONFLICT DO NOTHING"
)
GO_ON = text(
    'UPDATE retention_runs SET "after" = :after, tickets = tickets + :tickets,'
    " left_out = left_out + :left_out WHERE bureau_id = :bureau AND day = :day"
)
FINISH = text(
    "UPDATE retention_runs SET finished_at = :now WHERE bureau_id = :bureau AND day = :day"
)


class Step(Enum):
    MORE = "more"
    DONE = "done"
    BUSY = "busy"  # somebody else is at it


def lock_of(bureau: int) -> int:
    """The advisory lock of whoever does this bureau's work."""
    name = b"minhu retention:%d" % bureau
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)


@dataclass(slots=True)
class Keeper:
    """`batch`: tickets in one transaction. `failed`: the first that could not be erased today."""

    hotline: Hotline
    batch: int = BATCH
    failed: Exception | None = field(default=None, init=False)

    async def look(self) -> None:
        self.failed = None
        for bureau in await self.hotline.bureaus():
            await self.keep(bureau)
        if self.failed is not None:
            raise self.failed

    async def keep(self, bureau: int) -> None:
        """The rest of the day's work, if its hour has come."""
        day = await self._owed(bureau)
        if day is None:
            return
        for step in (self._erase_some, self._erase_messages, self._cut_log, self._shed_log):
            state = Step.MORE
            while state is Step.MORE:
                state = await step(bureau, day)
            if state is Step.BUSY:
                return
        await self._write_down(bureau)
        async with self.hotline.database.transaction(bureau) as tx:
            await tx.run(FINISH, bureau=bureau, day=day, now=tx.now)

    async def _owed(self, bureau: int) -> date | None:
        async with self.hotline.ledger(bureau, writing=False) as ledger:
            local = in_city(ledger.now)
            day = local.date()
            run = await ledger.tx.row(FIND_RUN, bureau=bureau, day=day)
            if local.time() < self._retention(ledger).at:
                return None
        if run is None:
            async with self.hotline.database.transaction(bureau) as tx:
                await tx.run(BEGIN_RUN, bureau=bureau, day=day, now=tx.now)
        return None if run is not None and run.finished_at is not None else day

    def _retention(self, ledger: Ledger) -> Retention:
        return retention_of(ledger.rulebook.limits_at(ledger.now))

    async def _erase_some(self, bureau: int, day: date) -> Step:
        """A batch; where it fails, its tickets one by one, so that one holds up no other."""
        try:
            return await self._erase_batch(bureau, day, self.batch)
        except Unavailable:
            raise
        except Exception:
            log.exception("batch of erasures failed", extra={"bureau": bureau})
        for _ in range(self.batch):
            try:
                state = await self._erase_batch(bureau, day, 1)
                if state is not Step.MORE:
                    return state
            except Unavailable:
                raise
            except Exception as error:
                self.failed = self.failed or error
                log.exception("ticket not erased", extra={"bureau": bureau})
                await self._leave_out(bureau, day)
        return Step.MORE

    async def _erase_batch(self, bureau: int, day: date, limit: int) -> Step:
        async with self.hotline.ledger(bureau, lock=lock_of(bureau)) as ledger:
            if not ledger.tx.locked:
                return Step.BUSY
            due = await self._next(ledger, day, limit)
            if not due:
                return Step.DONE
            erased = await self._erase(ledger, due)
            last = due[-1].ticket_id
            await self._go_on(ledger.tx, day, after=last, tickets=erased)
        return Step.MORE

    async def _next(self, ledger: Ledger, day: date, limit: int) -> list[Due]:
        run = await ledger.tx.row(FIND_RUN, bureau=ledger.tx.bureau, day=day)
        assert run is not None
        bounds = self._retention(ledger).bounds(ledger.now)
        return await list_due(ledger.tx, bounds, after=run.after, limit=limit)

    async def _erase(self, ledger: Ledger, due: Sequence[Due]) -> int:
        """What is in somebody else's hands is left for tomorrow."""
        tickets = await lock_free(ledger.tx, [one.ticket_id for one in due])
        blocked = await find_obstacles(ledger.tx, tickets)
        wanted = {
            one.ticket_id: one.parts
            for one in due
            if one.ticket_id in tickets and not blocked[one.ticket_id]
        }
        periods = self._retention(ledger).periods
        reasons = {part: f"{PREFIX}{part}={periods[part]}" for part in ErasurePart}
        order = Order(ErasureCause.RETENTION, SYSTEM, reasons=reasons)
        return len(await erase_tickets(ledger, tickets, wanted, order))

    async def _leave_out(self, bureau: int, day: date) -> None:
        """The one that fails each time: told, and passed over."""
        async with self.hotline.ledger(bureau, lock=lock_of(bureau)) as ledger:
            due = await self._next(ledger, day, 1) if ledger.tx.locked else []
            if due:
                last = due[0].ticket_id
                log.warning("ticket passed over", extra={"ticket_id": last})
                await self._go_on(ledger.tx, day, after=last, left_out=1)

    async def _go_on(
        self, tx: Tx, day: date, *, after: int, tickets: int = 0, left_out: int = 0
    ) -> None:
        values = {"after": after, "tickets": tickets, "left_out": left_out}
        await tx.run(GO_ON, bureau=tx.bureau, day=day, **values)

    async def _erase_messages(self, bureau: int, day: date) -> Step:
        """Those that came to no ticket are kept as long as a caller is, from their receipt on."""
        async with self.hotline.ledger(bureau, lock=lock_of(bureau)) as ledger:
            tx = ledger.tx
            if not tx.locked:
                return Step.BUSY
            bound = self._retention(ledger).bounds(tx.now)[ErasurePart.CALLER]
            rows = await list_unattached(tx, after=-1, until=bound, limit=self.batch)
            order = Order(ErasureCause.RETENTION, SYSTEM)
            await erase_messages(ledger, [str(row.message_id) for row in rows], order)
            return Step.MORE if len(rows) == self.batch else Step.DONE

    async def _cut_log(self, bureau: int, day: date) -> Step:
        """Only where the heads of the chain are kept outside: else nothing bears the cut out."""
        folder = self.hotline.settings.audit_folder
        if folder is None:
            return Step.DONE
        anchors = await asyncio.to_thread(read_anchors, folder, bureau)
        async with self.hotline.ledger(bureau, lock=lock_of(bureau)) as ledger:
            tx = ledger.tx
            if not tx.locked:
                return Step.BUSY
            before = self._retention(ledger).log.before(tx.now)
            place = await find_place(tx, anchors, before=before)
            if place is not None and await cut_at(tx, place):
                order = Order(ErasureCause.RETENTION, SYSTEM)
                await record(tx, ReadingKind.LOG_CUT, order, link=place)
        return Step.DONE

    async def _shed_log(self, bureau: int, day: date) -> Step:
        async with self.hotline.ledger(bureau, lock=lock_of(bureau)) as ledger:
            if not ledger.tx.locked:
                return Step.BUSY
            return Step.MORE if await shed(ledger.tx) > 0 else Step.DONE

    async def _write_down(self, bureau: int) -> None:
        folder = self.hotline.settings.audit_folder
        if folder is None:
            return
        async with self.hotline.database.transaction(bureau, writing=False) as tx:
            lines = await list_tombstones(tx)
        await asyncio.to_thread(write_journal, folder, bureau, lines)
