"""What a cut leaves behind, and what its caller learns."""

import asyncio
import os
import sys
from pathlib import Path

import orjson
import pytest
from asyncpg import ConnectionDoesNotExistError, connect
from sqlalchemy import text

from services.intake.inbox import KEEP
from shared.errors import Unavailable
from shared.settings import Settings
from shared.tickets import Hotline
from tests.conftest import BUREAU
from tests.factories import make_ticket
from tests.faults.choosing import Count, Plan
from tests.faults.hook import Commit, Cut, install, tables_of

TICKETS = text("SELECT count(*) AS n FROM tickets WHERE bureau_id = 1")


async def count_tickets(hotline: Hotline) -> int:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(TICKETS)
        assert row is not None
        return int(row.n)


@pytest.mark.parametrize(("cut", "left"), [(Cut.BEFORE, 0), (Cut.AFTER, 1)])
async def test_a_cut_transaction_is_whole_or_absent_and_its_caller_cannot_tell(
    hotline: Hotline, cut: Cut, left: int
) -> None:
    told: list[tuple[Commit, Cut]] = []
    with install(lambda commit: cut if commit.tables else None, lambda *one: told.append(one)):
        with pytest.raises(Unavailable):
            await make_ticket(hotline)

        assert await count_tickets(hotline) == left
    (commit, said) = told[0]
    assert said is cut
    assert commit.writes
    assert "ticket_events" in commit.tables


@pytest.mark.parametrize(("cut", "left"), [(Cut.BEFORE, 0), (Cut.AFTER, 1)])
async def test_a_statement_that_commits_itself_is_cut_alike(
    settings: Settings, cut: Cut, left: int
) -> None:
    connection = await connect(settings.database_url)
    count = "SELECT count(*) FROM idempotency_keys"
    row = (
        "WITH named AS MATERIALIZED (SELECT set_config('minhu.bureau_id', '1', false))"
        " INSERT INTO idempotency_keys (bureau_id, key_id, idempotency_key, request_hash, status)"
        " SELECT 1, 'k', 'one', '', 200 FROM named"
    )
    with install(Plan(("idempotency_keys",), 0, cut)), pytest.raises(ConnectionDoesNotExistError):
        await connection.fetch(row)
    assert connection.is_closed()

    again = await connect(settings.database_url)
    await again.execute("SELECT set_config('minhu.bureau_id', '1', false)")
    assert await again.fetchval(count) == left
    await again.close()


async def test_counting_cuts_nothing_and_reads_pass_as_reads(hotline: Hotline) -> None:
    count = Count()
    with install(count):
        await make_ticket(hotline)
        await count_tickets(hotline)

    assert [commit.writes for commit in count.commits] == [True, False]


async def test_nothing_is_left_of_the_hook_once_it_is_closed(hotline: Hotline) -> None:
    with install(lambda _: Cut.BEFORE):
        pass

    await make_ticket(hotline)

    assert await count_tickets(hotline) == 1


def test_locking_rows_is_not_writing_them() -> None:
    assert tables_of("SELECT 1 FROM tickets FOR UPDATE SKIP LOCKED") == ()
    assert tables_of("SELECT 1 FROM tickets FOR NO KEY UPDATE OF t") == ()
    assert tables_of(KEEP) == ("raw_messages", "deliveries")


async def test_any_command_runs_with_cuts_and_tells_each_in_the_log(
    settings: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "faults.jsonl"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.faults", "sources", "list"),
        env={
            **os.environ,
            "MINHU_DATABASE_URL": settings.database_url,
            "MINHU_REDIS_URL": settings.redis_url,
            "MINHU_KEYRING_FILE": str(settings.keyring_file),
            "MINHU_FAULTS": f"seed=1,rate=1,log={log}",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()

    assert process.returncode == 1, errors.decode()
    (line,) = log.read_bytes().splitlines()
    told = orjson.loads(line)
    assert (told["process"], told["kind"], told["writes"]) == ("sources list", "transaction", False)
