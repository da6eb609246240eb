"""Postgres gone, hanging, or cutting everybody off: clear refusals, soon over, and nothing lost."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import asyncpg
from httpx import Response

from tests.conftest import Tell
from tests.platform import Platform
from tests.recovery.sending import (
    Answer,
    Call,
    Ledger,
    ask,
    asking,
    slowest,
    statuses,
)
from tests.recovery.stand import (
    Stand,
    connect,
    family,
    postmaster,
    signal_all,
    start_again,
)
from tests.recovery.starting import start_worker
from tests.recovery.watching import until_drained

AWAY_SECONDS = float(os.environ.get("MINHU_POSTGRES_SECONDS", "5"))
HANG_SECONDS = float(os.environ.get("MINHU_HANG_SECONDS", "10"))
RATE = 10  # a second, of each of the five calls
AT_ONCE = 100
SECONDS = 10.0
REFUSED_SECONDS = 3.0
HANGING_SECONDS = 9.0
PATIENCE = 60.0
KEPT = (
    "SELECT upstream_no FROM raw_messages WHERE state = 'applied' AND starts_with(upstream_no, $1)"
)
CUT = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND application_name <> 'test'"
)


def calls(stand: Stand, city: Platform, name: str) -> dict[str, Call]:
    """One that writes or reads for each service, and what a balancer asks."""
    client, addresses = city.client, stand.addresses
    bearer = {"Authorization": f"Bearer {stand.keys['leader']}"}

    async def push(number: int) -> Response:
        return await city.create(f"{name}-{number}")

    async def get(url: str, _: int) -> Response:
        return await client.get(url, headers=bearer)

    async def write(number: int) -> Response:
        headers = {**bearer, "Idempotency-Key": f"{name}-{number}"}
        url = f"{addresses['dispatch']}/v1/emergency"
        body = {"active": False, "reason": "演练"}
        return await client.put(url, json=body, headers=headers)

    return {
        "推送": push,
        "工单列表": partial(get, f"{addresses['dispatch']}/v1/tickets"),
        "写操作": write,
        "考核": partial(get, f"{addresses['scoring']}/v1/scores?period=2026-11&by=unit"),
        "就绪": partial(get, f"{addresses['scoring']}/readyz"),
    }


@asynccontextmanager
async def all_asking(wanted: dict[str, Call]) -> AsyncIterator[dict[str, Ledger]]:
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(asking(call, per_second=RATE))
            for name, call in wanted.items()
        }


async def ask_at_once(call: Call) -> list[Answer]:
    ledger = Ledger()
    await asyncio.gather(*(ask(call, ledger) for _ in range(AT_ONCE)))
    return ledger.answers


async def kept(stand: Stand, name: str) -> set[int]:
    connection = await connect(stand)
    try:
        await until_drained(connection, seconds=PATIENCE)
        rows = await connection.fetch(KEPT, f"{name}-")
    finally:
        await connection.close()
    return {int(row["upstream_no"].rpartition("-")[2]) for row in rows}


def check_clear(answers: list[Answer], *, longest: float) -> None:
    """Each was answered in time, and what was not answered well is a 503 as agreed upon."""
    bad = [one for one in answers if not (one.is_clear or 200 <= one.status < 300)]
    assert bad == []
    assert slowest(answers) <= longest


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
        crowds = await asyncio.gather(*(ask_at_once(call) for call in wanted.values()))
        await asyncio.sleep(max(0.0, hung_at + HANG_SECONDS - time.monotonic()))
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
