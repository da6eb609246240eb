"""The command as an operator runs it; and a backup put back, after which all is erased again."""

import subprocess
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from shared.models import metadata
from shared.settings import Settings
from shared.tickets import Hotline
from tests.cli.console import COMMAND, Said, environment, run
from tests.conftest import BUREAU
from tests.erasure.ended import CALLER, CLEAN, WHOLE, end_ticket, left_of
from tests.erasure.test_retention import NOW
from tests.factories import SetClock, make_ticket

WHY = ("--reason", f"{CALLER.name}本人申请", "--actor", "周审")


@pytest.fixture
def given(settings: Settings, tmp_path: Path) -> dict[str, str]:
    return {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
        "MINHU_AUDIT_FOLDER": str(tmp_path / "audit"),
    }


def type_in(words: str, *command: str, given: dict[str, str]) -> Said:
    """With something on its standard input."""
    done = subprocess.run(
        [*COMMAND, *command],
        env=environment(given),
        input=words,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


async def test_a_request_is_tried_carried_out_and_found_done(
    hotline: Hotline, set_clock: SetClock, given: dict[str, str], inside: asyncpg.Connection
) -> None:
    await set_clock(NOW)
    ended, held = await end_ticket(hotline), await end_ticket(hotline)
    still_open = await make_ticket(hotline)
    nos = (ended, held, still_open)
    set_on = run("hold", "set", held, "--reason", "取证", "--actor", "周审", given=given)
    tried = run("erase", "tickets", *nos, *WHY, "--dry-run", given=given)
    before = await left_of(inside, ended, held)
    done = run("erase", "tickets", *nos, *WHY, given=given)
    after = await left_of(inside, ended, held)
    listed = run("erase", "list", ended, given=given)

    assert set_on.out == "已设立保全 1，共 1 件工单\n"
    assert tried.last_line == "将清除 1 件，2 件须待障碍消除；试算，未作任何改动"
    assert (before, after) == ([WHOLE, WHOLE], [CLEAN, WHOLE])
    assert done.out.splitlines()[1:] == [
        f"{ended}  来电人资料 1，文字 5，日志中的引用与坐标 2",
        f"{held}  暂不能清除：证据保全中",
        f"{still_open}  暂不能清除：尚未终结",
        "已清除 1 件，2 件须待障碍消除",
    ]
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == [ended] * 3
    assert "诸葛**本人申请" in listed.out
    assert str(CALLER.name) not in tried.out + done.out + listed.out


async def test_what_is_due_is_listed_and_a_hold_lifted(
    hotline: Hotline, set_clock: SetClock, given: dict[str, str]
) -> None:
    await set_clock(NOW)
    no = await end_ticket(hotline)
    await set_clock(NOW + timedelta(days=731))
    due = run("erase", "due", given=given)
    run("hold", "set", no, "--reason", "取证", given=given)
    held = run("erase", "due", given=given)
    listed = run("hold", "list", given=given)
    lifted = run("hold", "lift", "1", "--reason", "结案", given=given)

    assert due.out.splitlines()[0] == (
        "留存期限：录音引用 2y，来电人资料与平台原文 3y，工单文字、地点与附件引用 10y；"
        "查阅记录 183d；每日 03:30 清除"
    )
    assert due.out.splitlines()[2:] == [f"{no}  录音引用"]
    assert held.out.splitlines()[2:] == []
    assert (no in listed.out, lifted.out) == (True, "已解除保全 1，共 1 件工单\n")


async def test_after_a_restored_backup_what_was_erased_is_erased_again(
    hotline: Hotline, set_clock: SetClock, given: dict[str, str], inside: asyncpg.Connection
) -> None:
    await set_clock(NOW)
    nos = [await end_ticket(hotline) for _ in range(2)]
    await back_up(inside)
    done = type_in(f"{CALLER.phone}\n", "erase", "caller", *WHY, given=given)
    erased = await left_of(inside, *nos)
    journal = Path(given["MINHU_AUDIT_FOLDER"]) / f"erasures-{BUREAU}.jsonl"
    lines = journal.read_text()
    with journal.open("a") as file:
        file.write('{"no":"T20261118-9')  # cut short by a kill
    await restore(inside)
    back = await left_of(inside, *nos)
    replayed = run("erase", "replay", given=given)
    stones = await inside.fetch("SELECT DISTINCT cause FROM erasures")

    assert done.last_line == "已清除 2 件"
    assert (erased, back, await left_of(inside, *nos)) == (
        [CLEAN] * 2,
        [WHOLE] * 2,
        [CLEAN] * 2,
    )
    assert replayed.last_line == "已清除 2 件"
    assert [stone["cause"] for stone in stones] == ["restored"]
    assert len(lines.splitlines()) == 6
    assert str(CALLER.phone) not in lines + done.out


async def back_up(inside: asyncpg.Connection) -> None:
    await inside.execute("CREATE SCHEMA kept")
    for table in metadata.tables:
        await inside.execute(f'CREATE TABLE kept."{table}" AS SELECT * FROM "{table}"')


async def restore(inside: asyncpg.Connection) -> None:
    """Every table as it was."""
    for table in metadata.tables:
        await inside.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER ALL')
    for table in metadata.tables:
        await inside.execute(f'DELETE FROM "{table}"')
        await inside.execute(
            f'INSERT INTO "{table}" OVERRIDING SYSTEM VALUE SELECT * FROM kept."{table}"'
        )
    for table in metadata.tables:
        await inside.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER ALL')
