"""From one release to the next under load: nobody is refused, nothing acknowledged is lost."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import text

from shared.settings import Settings
from shared.tickets import Hotline
from tests.cli.console import environment
from tests.conftest import BUREAU, Stack, Tell
from tests.factories import PATH, SetClock, make_ticket
from tests.upgrade.rolling import NEXT, OLD, SERVICES, Crowd, machine

WALKERS = 2
# Requests between two steps of the upgrade.
BETWEEN = int(os.environ.get("MINHU_REQUESTS", "15"))
CLEAN = (0, -signal.SIGTERM)  # uvicorn ends by the signal it was sent, once all is done
EVENT_OF = {
    **{name: f"ticket.{name}ed" for name in ("dispatch", "accept", "contact")},
    "triage": "ticket.triaged",
    "dispose": "ticket.disposed",
    "feedback": "ticket.feedback_submitted",
    "reply": "ticket.replied",
    "complete": "ticket.completed",
    "follow-up": "ticket.followed_up",
}
# Readers before writers: what records events of a new kind comes last.
ORDER = ("scoring", "worker-1", "worker-2", "dispatch", "intake")
PAGES = ("/v1/tickets", "/v1/events")
FIGURES = ("/v1/facts", "/v1/scores?period=2026-11&by=unit")

STEPS = text(
    "SELECT t.no, e.type, count(*) AS n FROM ticket_events AS e JOIN tickets AS t"
    " USING (bureau_id, ticket_id) WHERE bureau_id = 1 GROUP BY t.no, e.type"
)
PUSHED = text(
    "SELECT data->>'upstream_no' AS no, count(*) AS n FROM ticket_events"
    " WHERE bureau_id = 1 AND type = 'ticket.received' GROUP BY 1"
)
SHIFTED = text(
    "SELECT t.no FROM ticket_events AS e JOIN tickets AS t USING (bureau_id, ticket_id)"
    " WHERE bureau_id = 1 AND e.type = 'ticket.accepted' AND e.data ? 'shift'"
)
OWED = text("SELECT subscriber, last_error FROM deliveries WHERE bureau_id = 1")


async def command(release: str, *words: str, env: Mapping[str, str]) -> str:
    """What a command of that release says; it must succeed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        release,
        *words,
        env=environment(env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def upgrade(crowd: Crowd, owner_url: str) -> None:
    """The schema first, then one process after another, as docs/deploy.md says."""
    machine = crowd.machine
    await crowd.wait_for(BETWEEN)
    await command(NEXT, "migrate", env={**machine.env, "MINHU_OWNER_DATABASE_URL": owner_url})
    for name in ORDER:
        await crowd.wait_for(BETWEEN)
        assert await asyncio.to_thread(machine.replace, name, NEXT) in CLEAN, name
        if name in SERVICES:
            await crowd.wait_until_served(name)
    await crowd.wait_for_steps(WALKERS * len(PATH))


async def load(
    crowd: Crowd, make: Callable[[], Awaitable[str]], upgrading: Awaitable[None]
) -> None:
    """Clients at work until the upgrade is done; a failing one ends it all."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(crowd.client(service))
            for service in ("intake", *["dispatch"] * (WALKERS + 1), "scoring")
        ]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(crowd.push(clients[0]))
            for client in clients[1 : 1 + WALKERS]:
                tasks.create_task(crowd.walk(client, make))
            tasks.create_task(crowd.read(clients[-2], PAGES))
            tasks.create_task(crowd.read(clients[-1], FIGURES))
            await upgrading
            crowd.over.set()


async def test_an_upgrade_under_load_refuses_nobody_and_loses_nothing(
    *,
    hotline: Hotline,
    settings: Settings,
    stack: Stack,
    keys: dict[str, str],
    secrets: dict[str, str],
    set_clock: SetClock,
    tmp_path: Path,
    tell: Tell,
) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")
    with machine(settings, tmp_path) as running:
        for name in ORDER:
            running.start(name, OLD)
        crowd = Crowd(running, keys, secrets["city-12345"])
        for name in SERVICES:
            await crowd.wait_until_served(name)
        owner = stack.owner_url_of(settings.database_url.rsplit("/", 1)[1])
        await load(crowd, partial(make_ticket, hotline), upgrade(crowd, owner))
        async with crowd.client("intake") as client:
            settled = await client.post("/sandbox/settle", json={"timeout_seconds": 30})
        verified = await command(NEXT, "recompute", "--verify", env=running.env)
        left = sum(
            line["message"] == "left to a newer release"
            for name in ("worker-1", "worker-2")
            for line in running.read_log(name)
        )

    seen = crowd.seen
    tell(
        f"{seen.requests} 次请求，最长 {seen.longest:.2f} 秒；保持的连接恰在关闭时被用到"
        f" {seen.races.total()} 次，重发即得应答；旧版留给新版 {left} 次；"
        f"推送 {len(crowd.pushed)} 件，操作 {len(crowd.walked)} 步"
    )
    assert settled.status_code == 200, settled.text
    assert seen.failed == {}
    assert seen.unanswered == []
    assert {status for _, status in seen.statuses} <= {200, 202}
    await check_written(hotline, crowd)
    assert "0 处" in verified or "一致" in verified, verified


async def check_written(hotline: Hotline, crowd: Crowd) -> None:
    """Every write that was acknowledged is there, once; what the next release adds as well."""
    async with hotline.ledger(BUREAU, writing=False) as ledger:
        pushed = {row.no: row.n for row in await ledger.tx.rows(PUSHED)}
        steps = {(row.no, row.type): row.n for row in await ledger.tx.rows(STEPS)}
        shifted = [row.no for row in await ledger.tx.rows(SHIFTED)]
        owed = [tuple(row) for row in await ledger.tx.rows(OWED)]
    assert {no: pushed.get(no) for no in crowd.pushed} == dict.fromkeys(crowd.pushed, 1)
    walked = [(no, EVENT_OF[action]) for no, action in crowd.walked]
    assert {step: steps.get(step) for step in walked} == dict.fromkeys(walked, 1)
    assert Counter(shifted) == dict.fromkeys(shifted, 1)
    assert shifted
    assert {no: steps.get((no, "ticket.labelled")) for no in shifted} == dict.fromkeys(shifted, 1)
    assert owed == []
