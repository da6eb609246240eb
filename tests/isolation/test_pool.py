"""Requests of two bureaus, their units and roles on few connections, cut off and killed midway.

`MINHU_REQUESTS` says how many (`make isolation`: 10,000), `MINHU_SEED` which.
"""

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from httpx import ASGITransport, AsyncClient
from sqlalchemy import event

from services.dispatch.app import create_app as create_dispatch
from services.scoring.app import create_app as create_scoring
from shared.domain.words import Urgency
from shared.settings import Settings
from shared.tickets import Hotline
from tests.conftest import BUREAU, Tell, running
from tests.factories import Desk, make_ticket
from tests.isolation.conftest import Bureau

REQUESTS = int(os.environ.get("MINHU_REQUESTS", "250"))
SEED = int(os.environ.get("MINHU_SEED", "20261123"))
AT_ONCE = 12
POOL = 3
CUT_OFF = 0.15
KILLED_EVERY = 40
TICKET = re.compile(r"T\d{8}-\d{6}")
GREENING = {
    "triage": {"trade": "greening", "category": "G-01"},
    "dispatch": {"lead": "greening-section"},
}
WHO = ("desk", "leader", "admin", "greening-section", "sanitation-section", "chengfa-sanitation")
# What of another's in the settings of a connection would be the beginning of a leak.
LEFT_BEHIND = (
    "SELECT coalesce(current_setting('minhu.bureau_id', true), '')"
    " || coalesce(current_setting('minhu.unit_id', true), '')"
)
VICTIM = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'minhu'"
    " AND datname = current_database() ORDER BY random() LIMIT 1"
)
PATHS = (
    "/v1/tickets?limit=20",
    "/v1/tickets?q=垃圾&limit=20",
    "/v1/tickets/{no}",
    "/v1/tickets/{no}/events",
    "/v1/tickets/{no}/clocks",
    "/v1/events?limit=100",
    "/v1/notices?limit=100",
    "/v1/matters",
    "/v1/facts?limit=50",
    "/v1/scores?period=2026-11&by=unit",
    "/v1/tickets/{no}/figures",
)


@dataclass
class Caller:
    """`may`: the numbers that this one may ever be shown."""

    name: str
    key: str
    may: set[str]


@dataclass
class Tally:
    statuses: Counter[int] = field(default_factory=Counter)
    cut: int = 0
    killed: int = 0
    taken: int = 0
    shown: int = 0
    foreign: list[str] = field(default_factory=list)
    stained: list[str] = field(default_factory=list)


@dataclass
class Crowd:
    """Everybody asks for everybody's tickets, many at a time."""

    clients: Mapping[str, AsyncClient]
    callers: list[Caller]
    nos: list[str]
    inside: asyncpg.Connection
    chance: random.Random
    tally: Tally = field(default_factory=Tally)

    async def ask(self, number: int) -> None:
        chance = self.chance
        caller, no = chance.choice(self.callers), chance.choice(self.nos)
        acts = chance.random() < 0.2
        path = f"/v1/tickets/{no}/contact" if acts else chance.choice(PATHS).format(no=no)
        of_scoring = path.startswith(("/v1/facts", "/v1/scores")) or path.endswith("figures")
        client = self.clients["scoring" if of_scoring else "dispatch"]
        headers = {"Authorization": f"Bearer {caller.key}", "Idempotency-Key": f"crowd-{number}"}
        body = {"result": "reached", "mode": "phone", "content": "已告知"}
        sent = client.request(
            "POST" if acts else "GET", path, headers=headers, json=body if acts else None
        )
        if chance.random() >= CUT_OFF:
            answer = await sent
            self.tally.statuses[answer.status_code] += 1
            self.look(caller, path, answer.text)
            return
        task = asyncio.ensure_future(sent)
        await asyncio.wait([task], timeout=chance.uniform(0, 0.03))
        self.tally.cut += task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def look(self, caller: Caller, path: str, text: str) -> None:
        found = set(TICKET.findall(text))
        self.tally.shown += len(found)
        self.tally.foreign += [f"{caller.name} {path}: {no}" for no in found - caller.may]

    async def run(self, requests: int) -> None:
        numbers = iter(range(requests))

        async def one_after_another() -> None:
            for number in numbers:
                if number % KILLED_EVERY == KILLED_EVERY - 1:
                    self.tally.killed += bool(await self.inside.fetchval(VICTIM))
                await self.ask(number)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(one_after_another())

    def watch(self, hotline: Hotline) -> None:
        """Every connection is looked at when it is taken from the pool."""

        def look(connection: Any, record: Any, _: object) -> None:
            cursor = connection.cursor()
            try:
                cursor.execute(LEFT_BEHIND)
                (left,) = cursor.fetchone()
                cursor.close()
                connection.rollback()
            except BaseException:
                record.invalidate()  # cut off while it was looked at
                raise
            self.tally.taken += 1
            self.tally.stained += [left] if left else []

        event.listen(hotline.database.engine.sync_engine, "checkout", look)


async def furnish(
    hotline: Hotline, client: AsyncClient, bureau: int, keys: Mapping[str, str]
) -> tuple[list[Caller], list[str]]:
    """Tickets of two units and one nobody leads; who may see which."""
    desk, nos = Desk(client, keys), []
    for changed in ({}, {}, GREENING, GREENING, None):
        no = await make_ticket(hotline, bureau=bureau, urgency=Urgency.URGENT)
        nos.append(no)
        if changed is not None:
            await desk.walk(no, until="dispatch", **changed)
    led = {"sanitation-section": nos[:2], "chengfa-sanitation": nos[:2]}
    led["greening-section"] = [*nos[2:4]]
    greening = await desk.get("desk", f"/v1/tickets/{nos[2]}")
    for assist in greening.json()["assists"]:
        led[assist["unit"]] = [*led.get(assist["unit"], []), *nos[2:4]]
    callers = [Caller(f"{bureau} {who}", keys[who], set(led.get(who, nos))) for who in WHO]
    return callers, nos


async def test_interleaved_requests_on_few_connections_show_no_foreign_row(
    *,
    hotline: Hotline,
    putuo: Bureau,
    settings: Settings,
    keys: dict[str, str],
    inside: asyncpg.Connection,
    tell: Tell,
) -> None:
    small = settings.model_copy(update={"pool_size": POOL})
    dispatch, scoring = create_dispatch(small), create_scoring(small)
    async with running(dispatch), running(scoring):
        clients = {
            name: AsyncClient(
                transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://minhu"
            )
            for name, app in (("dispatch", dispatch), ("scoring", scoring))
        }
        crowd = Crowd(clients, [], [], inside, random.Random(SEED))
        for bureau, held in ((BUREAU, keys), (putuo.number, putuo.keys)):
            callers, nos = await furnish(hotline, clients["dispatch"], bureau, held)
            crowd.callers += callers
            crowd.nos += nos
        for app in (dispatch, scoring):
            crowd.watch(app.state.hotline)
        await crowd.run(REQUESTS)
    tally = crowd.tally
    tell(
        f"{REQUESTS} 次请求（种子 {SEED}），两个局 {len(crowd.callers)} 个密钥，池 {POOL}："
        f"断开 {tally.cut} 次，杀连接 {tally.killed} 次，取用连接 {tally.taken} 次；"
        f"给出工单号 {tally.shown} 处，外来 {len(tally.foreign)}，"
        f"遗留设置 {len(tally.stained)}；{dict(sorted(tally.statuses.items()))}"
    )

    assert tally.foreign == []
    assert tally.stained == []
    assert tally.shown > REQUESTS // 2
    assert min(tally.cut, tally.killed, tally.statuses[200], tally.statuses[404]) > 0
    assert tally.statuses[500] == 0
