"""The sandbox's virtual clock: one row, shared by every process, moved only by hand."""

from datetime import datetime, timedelta

from sqlalchemy import text

from shared.db import Tx
from shared.errors import Conflict, NotFound
from shared.tickets.alarms import run_alarms
from shared.tickets.freezing import freeze_due_months
from shared.tickets.hotline import Hotline
from shared.tickets.ledger import Ledger

READ = text("SELECT minhu_now() AS now")
START = text("INSERT INTO sandbox_clock (one, now_at) VALUES (true, :now) ON CONFLICT DO NOTHING")
HOLD = text("SELECT pg_advisory_xact_lock(hashtext('minhu.clock'))")
HELD = text("SELECT now_at FROM sandbox_clock")
MOVE = text("UPDATE sandbox_clock SET now_at = :now")
ANY_TICKET = text("SELECT EXISTS (SELECT FROM tickets WHERE bureau_id = :bureau) AS found")
BUREAUS = text("SELECT bureau_id, config_version FROM bureaus ORDER BY bureau_id")
SET_BUREAU = text("SELECT set_config('minhu.bureau_id', :bureau, true)")


async def read_clock(hotline: Hotline) -> datetime:
    async with hotline.database.unscoped() as connection:
        return (await connection.execute(READ)).scalar_one()  # type: ignore[no-any-return]


async def start_clock(hotline: Hotline, now: datetime) -> None:
    """Starts the clock where it does not run yet; one that does keeps its time."""
    async with hotline.database.unscoped() as connection:
        await connection.execute(START, {"now": now})


async def advance_clock(hotline: Hotline, by: timedelta) -> datetime:
    return await _jump(hotline, by=by)


async def set_clock(hotline: Hotline, now: datetime) -> datetime:
    """Anywhere while no ticket exists, afterwards only forward."""
    return await _jump(hotline, to=now)


async def _jump(
    hotline: Hotline, *, to: datetime | None = None, by: timedelta | None = None
) -> datetime:
    """Time and all that falls due inside the jump, in one transaction, in due order.

    Whoever writes holds the clock, so nothing else is recorded meanwhile.
    """
    async with hotline.database.unscoped() as connection:
        await connection.execute(HOLD)
        since = (await connection.execute(HELD)).scalar_one_or_none()
        if since is None:
            raise NotFound("沙箱时钟未启动")
        target = to if to is not None else since + (by or timedelta())
        for bureau, config_version in (await connection.execute(BUREAUS)).all():
            await connection.execute(SET_BUREAU, {"bureau": str(bureau)})
            if target < since:
                found = await connection.execute(ANY_TICKET, {"bureau": bureau})
                if found.scalar_one():
                    raise Conflict("已有工单，虚拟时钟只能向前")
                continue
            tx = Tx(connection, bureau, since, config_version)
            await _ring_all(Ledger(tx, await hotline.rulebooks.of(tx), hotline.keyring), target)
        await connection.execute(MOVE, {"now": target})
    hotline.ring()
    return target


async def _ring_all(ledger: Ledger, until: datetime) -> None:
    more = True
    while more:
        more = await run_alarms(ledger, until, since=ledger.now)
        await ledger.flush()
    await freeze_due_months(ledger, until, since=ledger.now)
