"""Real processes, as production runs them: what one ends, all forget; what one counts, all count,
and Redis may be there, hang, or be gone."""

import asyncio
import json
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from shared.domain.words import Role
from shared.embedded import start_redis
from shared.identity.keys import revoke_key
from shared.identity.sessions import end_sessions
from shared.settings import Settings
from shared.tickets import Hotline
from tests.access.asking import bearer, issue
from tests.access.persons import make_person
from tests.cli.console import SERVICES, finish, free_base, start, wait_until
from tests.conftest import BUREAU, Tell

FORGOTTEN_SECONDS = 5.0
LIMIT = 60
# What lies between two exchanges may pass once more in each of the other processes.
SLACK = 2
NO_MORE_SECONDS = 0.05
ROLLING = 1.2  # the minute goes on meanwhile
PATHS = {"intake": "/v1/quarantine", "dispatch": "/v1/tickets", "scoring": "/v1/schemes"}


@dataclass
class Town:
    """The three services in processes of their own, and their Redis."""

    client: httpx.AsyncClient
    addresses: dict[str, str]
    redis: int

    async def ask(self, service: str, token: str) -> httpx.Response:
        return await self.client.get(
            self.addresses[service] + PATHS[service], headers=bearer(token)
        )

    async def ask_all(self, token: str) -> list[int]:
        return [(await self.ask(service, token)).status_code for service in SERVICES]

    async def until_forgotten(self, token: str, since: float) -> float:
        while await self.ask_all(token) != [401] * 3:
            assert time.monotonic() - since < FORGOTTEN_SECONDS * 2, "still let in"
            await asyncio.sleep(0.05)
        return time.monotonic() - since

    async def pour(self, token: str, services: Sequence[str], times: int) -> tuple[int, float]:
        """How many calls were let through, one service after the other; the median seconds."""
        passed, took = 0, []
        for number in range(times):
            began = time.monotonic()
            answer = await self.ask(services[number % len(services)], token)
            took.append(time.monotonic() - began)
            assert answer.status_code in (200, 429), answer.text
            passed += answer.status_code == 200
        return passed, statistics.median(took)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
async def town(settings: Settings, tmp_path: Path) -> AsyncIterator[Town]:
    redis = await asyncio.to_thread(start_redis, tmp_path)
    base = free_base()
    given = {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": redis.url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
        "MINHU_LIMIT_KEY": str(LIMIT),
    }
    addresses, processes = {}, []
    for offset, name in enumerate(SERVICES, start=1):
        addresses[name] = f"http://127.0.0.1:{base + offset}"
        processes.append(start("serve", name, "--port", str(base + offset), given=given))
    try:
        for name, process in zip(SERVICES, processes, strict=True):
            ready = partial(is_ready, addresses[name])
            await asyncio.to_thread(wait_until, ready, process, seconds=120)
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            yield Town(client, addresses, redis.pid)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            finish(process)
        redis.stop()


async def test_a_revoked_key_and_an_ended_session_are_dead_everywhere_within_five_seconds(
    town: Town, hotline: Hotline, tell: Tell
) -> None:
    key = await issue(hotline, role=Role.ADMIN)
    person = await make_person(hotline, role=Role.ADMIN)
    token = (await sign_in(town, person.account, person.password)).json()["token"]
    assert await town.ask_all(key) == [200] * 3
    assert await town.ask_all(token) == [200] * 3

    async with hotline.database.transaction(BUREAU) as tx:
        await revoke_key(tx.connection, BUREAU, key.split("_")[1])
    of_key = await town.until_forgotten(key, time.monotonic())
    async with hotline.database.transaction(BUREAU) as tx:
        await end_sessions(tx, person.account)
    of_session = await town.until_forgotten(token, time.monotonic())

    tell(f"三个进程都不再认：吊销的密钥 {of_key:.2f} 秒，结束的会话 {of_session:.2f} 秒")
    assert max(of_key, of_session) <= FORGOTTEN_SECONDS


async def sign_in(town: Town, account: str, password: str) -> httpx.Response:
    return await town.client.post(
        f"{town.addresses['dispatch']}/v1/session",
        content=json.dumps({"account": account, "password": password}),
        headers={"Idempotency-Key": "town", "Content-Type": "application/json"},
    )


async def test_limits_hold_together_with_redis_and_in_each_process_without(
    town: Town, hotline: Hotline, tell: Tell
) -> None:
    keys = [await issue(hotline, role=Role.ADMIN) for _ in range(3)]
    first, second, third = keys
    await town.pour(first, ["dispatch"], LIMIT + 5)
    deadline = time.monotonic() + 20
    while (await town.ask("scoring", first)).status_code != 429:
        assert time.monotonic() < deadline, "the other processes never heard of it"
    passed, calm = await town.pour(second, SERVICES, LIMIT * 4)
    assert LIMIT <= passed <= LIMIT * SLACK

    os.kill(town.redis, signal.SIGSTOP)
    hung, slow = await town.pour(third, ["dispatch"], LIMIT + 20)
    os.kill(town.redis, signal.SIGKILL)
    fourth = await issue(hotline, role=Role.ADMIN)
    alone, gone = await town.pour(fourth, SERVICES, LIMIT * 6)

    tell(
        f"限 {LIMIT}：有 Redis 时三个进程共放行 {passed}，Redis 停住时一个进程 {hung}，"
        f"被杀后三个进程 {alone}；中位用时"
        f" {calm * 1e3:.1f}、{slow * 1e3:.1f}、{gone * 1e3:.1f} 毫秒"
    )
    assert LIMIT <= hung <= LIMIT * ROLLING
    assert LIMIT <= alone <= LIMIT * 3 * ROLLING
    assert max(slow, gone) <= calm * 3 + NO_MORE_SECONDS
