"""A worker killed in the middle of its work: another does the same work at once, and once."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import asyncpg
import pytest

from shared.domain.calendar import CITY_ZONE
from shared.identity.sources import set_callback
from shared.tickets import Hotline
from shared.worker.leases import LEASE_SECONDS
from tests.conftest import Tell
from tests.factories import make_ticket
from tests.intake.receiver import Receiver
from tests.platform import Platform
from tests.recovery.limits import limit
from tests.recovery.stand import Stand
from tests.recovery.starting import PATIENCE, held_back, start_worker, wait_inside
from tests.recovery.watching import EVERY, OWED, until, until_drained

SECONDS = limit(5.0)
LOCAL = {"MINHU_SANDBOX": "1"}  # receivers on this machine may be called
LOGGED = "SELECT count(*) FROM ticket_events AS e JOIN tickets AS t USING (bureau_id, ticket_id)"
MISSED = f"{LOGGED} WHERE t.no = $1 AND e.type = 'ticket.clock_missed'"
RECEIVED = f"{LOGGED} WHERE t.fold::text LIKE '%' || $1 || '%' AND e.type = 'ticket.received'"
SCORED = "SELECT count(*) FROM facts AS f WHERE f.no = $1"
NO_OF = "SELECT no FROM tickets WHERE fold::text LIKE '%' || $1 || '%'"


@pytest.fixture
async def hotline(stand: Stand) -> AsyncIterator[Hotline]:
    opened = Hotline.open(stand.settings)
    yield opened
    await opened.close()


async def test_its_alarms_are_recorded_by_another(
    workers: Stand, hotline: Hotline, inside: asyncpg.Connection, *, tell: Tell
) -> None:
    received_at = datetime.now(CITY_ZONE) - timedelta(days=60)
    no = await make_ticket(hotline, received_at=received_at)
    async with held_back(workers, "ticket_events") as let_go:
        await start_worker(workers, inside, "worker-1")
        first = await wait_inside(inside, "ticket_events", "tickets")
        await start_worker(workers, inside, "worker-2")
        killed_at = workers.kill("worker-1")
        await wait_inside(inside, "ticket_events", "tickets", other_than=first)
        await let_go()

    async def is_missed() -> bool:
        return bool(await inside.fetchval(MISSED, no))

    took = await until(is_missed, seconds=PATIENCE, what="the miss is recorded") - killed_at
    count = await inside.fetchval(MISSED, no)
    await until_drained(inside, seconds=PATIENCE)
    tell(f"后台进程在记预警、超期时被杀，另一个补做：{took:.2f} 秒（限 {SECONDS:.0f} 秒）")
    assert took <= SECONDS
    assert count == await inside.fetchval(MISSED, no)


@pytest.mark.parametrize(
    ("table", "claimed", "what"),
    [("ticket_events", "deliveries", "受理消息"), ("fact_versions", "deliveries", "折叠考核事实")],
)
async def test_its_deliveries_are_handled_by_another(
    workers: Stand,
    city: Platform,
    inside: asyncpg.Connection,
    *,
    table: str,
    claimed: str,
    what: str,
    tell: Tell,
) -> None:
    upstream_no = f"KILLED-{table}"
    await start_worker(workers, inside, "worker-1")
    async with held_back(workers, table) as let_go:
        assert (await city.create(upstream_no)).status_code == 202
        first = await wait_inside(inside, table, claimed)
        await start_worker(workers, inside, "worker-2")
        owed = await inside.fetchval(OWED)
        killed_at = workers.kill("worker-1")
        await wait_inside(inside, table, claimed, other_than=first)
        await let_go()
    took = await until_drained(inside, seconds=PATIENCE) - killed_at

    tell(f"后台进程在{what}时被杀，另一个补做：{took:.2f} 秒（限 {SECONDS:.0f} 秒）")
    assert owed > 0
    assert took <= SECONDS
    assert await inside.fetchval(RECEIVED, upstream_no) == 1
    assert await inside.fetchval(SCORED, await inside.fetchval(NO_OF, upstream_no)) == 1


async def register(hotline: Hotline, url: str | None) -> None:
    async with hotline.database.transaction(1) as tx:
        await set_callback(tx.connection, tx.bureau, "city-12345", url)


class Deaf(Receiver):
    """Takes the first call and never answers it: it hangs up when the caller does."""

    calls = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        if self.calls > 1:
            await super().serve(reader, writer)
            return
        await reader.read()
        writer.close()


async def test_its_callback_is_made_again_by_another(
    workers: Stand,
    city: Platform,
    hotline: Hotline,
    *,
    inside: asyncpg.Connection,
    tell: Tell,
) -> None:
    receiver = Deaf(lambda _: 204)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    await register(hotline, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hear")

    async def is_told(times: int) -> bool:
        return receiver.calls >= times

    async with server:
        await start_worker(workers, inside, "worker-2", env=LOCAL)
        other = workers.processes["worker-2"]
        other.send_signal(signal.SIGSTOP)  # so that it is the first one who calls
        await start_worker(workers, inside, "worker-1", env=LOCAL)
        await city.create("KILLED-callback")
        await until(lambda: is_told(1), seconds=PATIENCE, what="the receiver is called")
        other.send_signal(signal.SIGCONT)
        calls = receiver.calls
        killed_at = workers.kill("worker-1")
        again = await until(lambda: is_told(calls + 1), seconds=PATIENCE, what="called again")
        await until_drained(inside, seconds=PATIENCE, owed=EVERY)
    await register(hotline, None)
    told = receiver.told("KILLED-callback")
    longest = LEASE_SECONDS + SECONDS
    tell(f"后台进程在回调途中被杀，另一个重发：{again - killed_at:.2f} 秒（限 {longest:.0f} 秒）")
    assert again - killed_at <= longest
    assert calls == 1
    assert told == ["received"]
