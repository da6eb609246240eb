"""Postgres gone, or cutting everybody off: clear refusals, soon over, and nothing lost."""

import asyncio
import os
import signal
import time

import asyncpg

from tests.conftest import Tell
from tests.platform import Platform
from tests.recovery.calling import all_asking, ask_at_once, calls, check_clear, kept
from tests.recovery.limits import limit
from tests.recovery.sending import slowest, statuses
from tests.recovery.stand import Stand, postmaster, start_again
from tests.recovery.starting import start_worker

AWAY_SECONDS = float(os.environ.get("MINHU_POSTGRES_SECONDS", "5"))
SECONDS = limit(10.0)
REFUSED_SECONDS = limit(5.0)
CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND application_name <> 'test'"
)


async def test_while_postgres_is_away_everybody_is_told_to_come_back(
    workers: Stand, city: Platform, inside: asyncpg.Connection, tell: Tell
) -> None:
    await start_worker(workers, inside, "worker-1")
    wanted = calls(workers, city, "AWAY")
    async with all_asking(wanted) as ledgers:
        await asyncio.sleep(1.0)  # a second of good answers, to be told from what follows
        os.kill(postmaster(workers.postgres), signal.SIGQUIT)  # as `pg_ctl stop -m immediate`
        gone_at = time.monotonic()
        await asyncio.to_thread(workers.postgres.stop)
        crowds = [await ask_at_once(call) for call in wanted.values()]
        await asyncio.sleep(max(0.0, gone_at + AWAY_SECONDS - time.monotonic()))
        back_at = await start_again(workers.postgres)
        away = {name: ledger.between(gone_at + 1, back_at - 1) for name, ledger in ledgers.items()}
        await asyncio.sleep(2.0)  # and two afterwards
    first = {name: one.first_success(back_at) - back_at for name, one in ledgers.items()}
    everything = [one for ledger in ledgers.values() for one in ledger.answers]
    lost = ledgers["推送"].acknowledged - await kept(workers, "AWAY")

    tell(
        f"Postgres 离线 {back_at - gone_at:.0f} 秒：{statuses(everything)[503]} 次答 503，"
        f"最慢 {slowest(everything):.2f} 秒；一百个同时来的最慢 "
        f"{max(map(slowest, crowds)):.2f} 秒；恢复后首个成功最迟 {max(first.values()):.2f} 秒"
        f"（限 {SECONDS:.0f} 秒）；"
        f"已确认 {len(ledgers['推送'].acknowledged)} 件，丢失 {len(lost)} 件"
    )
    for answers in away.values():
        assert set(statuses(answers)) == {503}
    for crowd in crowds:
        assert set(statuses(crowd)) == {503}
        check_clear(crowd, longest=REFUSED_SECONDS)
    check_clear(everything, longest=REFUSED_SECONDS)
    assert max(first.values()) <= SECONDS
    assert lost == set()
    assert workers.all_run()


async def test_cut_off_in_the_middle_only_those_in_flight_are_refused(
    workers: Stand, city: Platform, inside: asyncpg.Connection, tell: Tell
) -> None:
    await start_worker(workers, inside, "worker-1")
    wanted = calls(workers, city, "CUT")
    cuts = []
    async with all_asking(wanted) as ledgers:
        for _ in range(3):
            await asyncio.sleep(1.0)
            before = time.monotonic()
            count = await inside.fetchval(CUT)
            cuts.append((before, time.monotonic(), count))
        await asyncio.sleep(1.0)
    everything = [one for ledger in ledgers.values() for one in ledger.answers]
    refused = [one for one in everything if one.status == 503]
    in_flight = [
        one
        for one in refused
        if any(one.at <= done and one.at + one.took >= before for before, done, _ in cuts)
    ]
    lost = ledgers["推送"].acknowledged - await kept(workers, "CUT")

    tell(
        f"三次切断全部连接（{sum(count for *_, count in cuts)} 个）：{len(everything)} 次请求中"
        f" {len(refused)} 次答 503，其中当时在途 {len(in_flight)} 次；丢失 {len(lost)} 件"
    )
    check_clear(everything, longest=REFUSED_SECONDS)
    assert refused == in_flight
    assert lost == set()
    assert workers.all_run()
