"""Redis emptied, and Redis away: intake takes all, and what is owed is done soon after."""

import asyncio
import os
import signal
import time

import asyncpg
from redis.asyncio import Redis

from shared.worker.bell import QUEUE
from tests.conftest import Tell
from tests.platform import Platform
from tests.recovery.limits import limit
from tests.recovery.sending import asking, p99, slowest, statuses
from tests.recovery.stand import SERVICES, Stand, start_again
from tests.recovery.starting import PATIENCE, start_worker
from tests.recovery.watching import OLDEST, OWED, until, until_drained

AWAY_SECONDS = float(os.environ.get("MINHU_REDIS_SECONDS", "6"))
MESSAGES = 200
RATE = 20
SECONDS = limit(10.0)
HEARD_SECONDS = 0.5  # a ring that is heard is faster than any sweep
HEARD_TIMES = 3


async def until_idle(city: Platform, inside: asyncpg.Connection, redis: Redis) -> None:
    """Until the worker has done something and waits: only then does nothing but a sweep remain."""

    async def is_heard() -> bool:
        return bool(await redis.zcard(QUEUE) == 0)

    await city.create("IDLE")
    await until_drained(inside, seconds=PATIENCE)
    await until(is_heard, seconds=PATIENCE, what="every ring is heard")
    await until_drained(inside, seconds=PATIENCE)


async def test_what_was_owed_when_redis_was_emptied_is_done(
    workers: Stand, city: Platform, inside: asyncpg.Connection, tell: Tell
) -> None:
    await start_worker(workers, inside, "worker-1")
    redis = Redis.from_url(workers.redis.url)
    await until_idle(city, inside, redis)
    process = workers.processes["worker-1"]
    process.send_signal(signal.SIGSTOP)
    for number in range(MESSAGES):
        assert (await city.create(f"FLUSHED-{number}")).status_code == 202
    owed = await inside.fetchval(OWED)
    await redis.flushall()
    await redis.aclose()
    emptied_at = time.monotonic()
    process.send_signal(signal.SIGCONT)
    took = await until_drained(inside, seconds=PATIENCE) - emptied_at

    tell(f"Redis 清空时欠 {owed} 件，全部办完：{took:.2f} 秒（限 {SECONDS:.0f} 秒）")
    assert owed >= MESSAGES
    assert took <= SECONDS


async def readiness(stand: Stand, city: Platform) -> dict[str, tuple[int, str]]:
    found = {}
    for service in SERVICES:
        answer = await city.client.get(f"{stand.addresses[service]}/readyz")
        found[service] = (answer.status_code, answer.json()["status"])
    return found


async def is_heard(city: Platform, inside: asyncpg.Connection, no: str) -> bool:
    """Several times in a row, so that no sweep came by chance."""
    for time_ in range(HEARD_TIMES):
        pushed_at = time.monotonic()
        await city.create(f"{no}-{time_}")
        if await until_drained(inside, seconds=PATIENCE) - pushed_at > HEARD_SECONDS:
            return False
    return True


async def test_intake_takes_all_while_redis_is_away(
    workers: Stand, city: Platform, inside: asyncpg.Connection, tell: Tell
) -> None:
    await start_worker(workers, inside, "worker-1")
    await asyncio.to_thread(workers.redis.stop)
    ages = []
    async with asking(lambda number: city.create(f"DEAF-{number}"), per_second=RATE) as ledger:
        over_at = time.monotonic() + AWAY_SECONDS
        while time.monotonic() < over_at:
            ages.append(await inside.fetchval(OLDEST))
            away = await readiness(workers, city)
            assert set(away.values()) == {(200, "degraded")}, away
    back_at = await start_again(workers.redis)
    drained = await until_drained(inside, seconds=PATIENCE) - back_at
    rounds = 0
    while not await is_heard(city, inside, f"HEARD-{(rounds := rounds + 1)}"):
        assert time.monotonic() - back_at < PATIENCE, "no ring is heard any more"
    heard = time.monotonic() - back_at
    back = await readiness(workers, city)

    sent = statuses(ledger.answers)
    tell(
        f"Redis 离线 {AWAY_SECONDS:.0f} 秒：推送 {sent.total()} 次全部 202，"
        f"p99 {p99(ledger.answers) * 1000:.0f} 毫秒，"
        f"最慢 {slowest(ledger.answers) * 1000:.0f} 毫秒；"
        f"其间积压最久 {max(ages):.1f} 秒，/readyz 为 200 degraded；"
        f"恢复后 {max(0.0, drained):.2f} 秒清空，{heard:.2f} 秒起又听见铃（限 {SECONDS:.0f} 秒）"
    )
    assert set(sent) == {202}
    assert max(ages) <= SECONDS
    assert drained <= SECONDS
    assert heard <= SECONDS
    assert set(back.values()) == {(200, "ready")}
