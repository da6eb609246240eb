"""Postgres that hangs for twenty seconds, of which nobody may wait more than ten. `make recovery`.

tests/shared/test_pulse.py shows the same of one process, sooner.
"""

import asyncio
import signal
import time

import asyncpg

from tests.conftest import Tell
from tests.platform import Platform
from tests.recovery.calling import all_asking, ask_at_once, calls, check_clear, kept
from tests.recovery.sending import slowest, statuses
from tests.recovery.stand import Stand, family, postmaster, signal_all
from tests.recovery.starting import start_worker

HANG_SECONDS = 20.0
HANGING_SECONDS = 10.0
SECONDS = 10.0


async def test_while_postgres_hangs_nobody_waits_for_it(
    workers: Stand, city: Platform, inside: asyncpg.Connection, tell: Tell
) -> None:
    await start_worker(workers, inside, "worker-1")
    wanted = calls(workers, city, "HUNG")
    async with all_asking(wanted) as ledgers:
        await asyncio.sleep(1.0)
        head = postmaster(workers.postgres)
        signal_all(frozen := family(head), signal.SIGSTOP)
        hung_at = time.monotonic()
        try:
            crowds = await asyncio.gather(*(ask_at_once(call) for call in wanted.values()))
            await asyncio.sleep(max(0.0, hung_at + HANG_SECONDS - time.monotonic()))
        finally:
            signal_all([*frozen, *family(head)], signal.SIGCONT)
        back_at = time.monotonic()
        await asyncio.sleep(2.0)
    first = {name: one.first_success(back_at) - back_at for name, one in ledgers.items()}
    everything = [one for ledger in ledgers.values() for one in ledger.answers]
    lost = ledgers["推送"].acknowledged - await kept(workers, "HUNG")

    tell(
        f"Postgres 停顿 {HANG_SECONDS:.0f} 秒：{statuses(everything)[503]} 次答 503，"
        f"最慢 {slowest(everything):.2f} 秒；一百个同时来的最慢 "
        f"{max(map(slowest, crowds)):.2f} 秒（限 {HANGING_SECONDS:.0f} 秒）；"
        f"恢复后首个成功最迟 {max(first.values()):.2f} 秒；"
        f"已确认 {len(ledgers['推送'].acknowledged)} 件，丢失 {len(lost)} 件"
    )
    for crowd in crowds:
        check_clear(crowd, longest=HANGING_SECONDS)
    check_clear(everything, longest=HANGING_SECONDS)
    assert max(first.values()) <= SECONDS
    assert lost == set()
    assert workers.all_run()
