"""Many keys, each called by many at once, on two processes of which one is killed meanwhile."""

import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
from httpx import AsyncClient, Limits

from services.scoring.scheme_examples import DRAFT
from shared.tickets import Hotline
from tests.conftest import Tell
from tests.factories import BODIES, make_ticket
from tests.recovery.stand import SECOND, Stand, wait_until_ready
from tests.recovery.starting import PATIENCE, start_worker
from tests.recovery.watching import EVERY, until, until_drained

KEYS = int(os.environ.get("MINHU_KEYS", "12"))
CALLS = 50
KEYS_AT_ONCE = 4
MOST_SECONDS = 1800.0
IN_FLIGHT = "/problems/idempotency-in-flight"
KINDS = ("triage", "urge", "supervise", "scheme")
EFFECTS = {
    "triage": "SELECT count(*) FROM ticket_events WHERE type = 'ticket.triaged'",
    "urge": "SELECT count(*) FROM ticket_events WHERE type = 'ticket.urged'",
    "supervise": "SELECT count(*) FROM ticket_events WHERE type = 'ticket.supervised'",
    "scheme": "SELECT count(*) FROM schemes",
}


@dataclass
class Key:
    """One key, what is asked with it, and every answer that came."""

    name: str
    kind: str
    path: str
    body: Mapping[str, Any]
    who: str
    answers: list[httpx.Response] = field(default_factory=list)
    unanswered: int = 0

    @property
    def stored(self) -> set[bytes]:
        return {one.content for one in self.answers if one.is_success}

    @property
    def others(self) -> list[tuple[int, str]]:
        """Neither the stored answer nor that the same call is being worked on."""
        return [
            (one.status_code, one.text)
            for one in self.answers
            if not one.is_success and (one.status_code, one.json()["type"]) != (409, IN_FLIGHT)
        ]


async def make_keys(hotline: Hotline) -> list[Key]:
    keys = []
    for number, kind in zip(range(KEYS), itertools.cycle(KINDS), strict=False):
        name = f"called-often-{number}"
        if kind == "scheme":
            keys.append(Key(name, kind, "/v1/schemes", {**DRAFT, "title": name}, "leader"))
            continue
        no = await make_ticket(hotline)
        body = BODIES["triage"] if kind == "triage" else {"text": name}
        keys.append(Key(name, kind, f"/v1/tickets/{no}/{kind}", body, "desk"))
    return keys


async def call(client: AsyncClient, stand: Stand, key: Key, number: int) -> None:
    """As a client does: who gets no answer asks again, with the same key, at the other process."""
    services = ("scoring",) if key.kind == "scheme" else ("dispatch", SECOND)
    headers = {"Authorization": f"Bearer {stand.keys[key.who]}", "Idempotency-Key": key.name}
    for turn in itertools.count(number):
        address = stand.addresses[services[turn % len(services)]]
        try:
            answer = await client.post(address + key.path, json=key.body, headers=headers)
        except httpx.TransportError:
            key.unanswered += 1
        else:
            key.answers.append(answer)
            return


async def call_often(client: AsyncClient, stand: Stand, keys: list[Key]) -> None:
    """Fifty at once for each key, a few keys side by side."""
    some = asyncio.Semaphore(KEYS_AT_ONCE)

    async def call_one(key: Key) -> None:
        async with some:
            await asyncio.gather(*(call(client, stand, key, number) for number in range(CALLS)))

    await asyncio.gather(*(call_one(key) for key in keys))


async def kill_and_start_again(stand: Stand, keys: list[Key]) -> None:
    """In the middle of it: half of the keys have been called."""

    async def is_half_done() -> bool:
        return sum(len(key.answers) for key in keys) >= KEYS * CALLS // 2

    await until(is_half_done, seconds=MOST_SECONDS, what="half of the calls are answered")
    stand.kill(SECOND)
    address = stand.addresses[SECOND]
    stand.serve(SECOND, "dispatch", int(address.rpartition(":")[2]))
    await asyncio.to_thread(wait_until_ready, address)


async def count_effects(inside: asyncpg.Connection) -> dict[str, int]:
    return {kind: await inside.fetchval(sql) for kind, sql in EFFECTS.items()}


async def test_each_key_has_one_effect_and_one_answer(
    workers: Stand, inside: asyncpg.Connection, tell: Tell
) -> None:
    hotline = Hotline.open(workers.settings)
    keys = await make_keys(hotline)
    await hotline.close()
    before = await count_effects(inside)
    began_at = time.monotonic()
    limits = Limits(max_connections=None)
    async with AsyncClient(trust_env=False, timeout=60, limits=limits) as client:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(kill_and_start_again(workers, keys))
            tasks.create_task(call_often(client, workers, keys))
        took = time.monotonic() - began_at
        await asyncio.gather(*(call(client, workers, key, 0) for key in keys))
    after = await count_effects(inside)
    await start_worker(workers, inside, "worker-1")
    await until_drained(inside, seconds=PATIENCE, owed=EVERY)

    effects = {kind: after[kind] - before[kind] for kind in KINDS}
    wanted = Counter(key.kind for key in keys)
    statuses = Counter(answer.status_code for key in keys for answer in key.answers)
    tell(
        f"{KEYS} 个幂等键 × {CALLS} 次并行，两个派单进程、其一中途被杀：恰有 "
        f"{sum(effects.values())} 次生效（{effects}）；应答 {dict(statuses)}，"
        f"未得应答而重发 {sum(key.unanswered for key in keys)} 次，{took:.0f} 秒"
    )
    assert effects == wanted
    assert [key.others for key in keys] == [[]] * KEYS
    assert {len(key.stored) for key in keys} == {1}
    assert sum(key.unanswered for key in keys) > 0
