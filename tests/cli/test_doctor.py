"""`minhu doctor`: each fault named, with what to do about it."""

import shutil
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from services.cli.checks.database import judge_server
from services.cli.checks.finding import Finding, Grade
from services.cli.checks.work import judge_calendar
from shared.domain.official import calendar_of, load_calendar_years
from tests.cli.console import Said, finish, list_servers, run, start
from tests.conftest import Stack

Execute = Callable[..., Awaitable[None]]
GUARD = "tr_ticket_events_append_only"


@pytest.fixture
def execute(stack: Stack, outside: dict[str, str]) -> Execute:
    """Statements of a superuser, checks of foreign keys and triggers left out."""
    url = (
        stack.superuser_url.rsplit("/", 1)[0] + "/" + outside["MINHU_DATABASE_URL"].rsplit("/")[-1]
    )

    async def run_all(*statements: str) -> None:
        connection = await asyncpg.connect(url)
        await connection.execute("SET session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    return run_all


def diagnose(given: dict[str, str]) -> Said:
    return run("doctor", given=given)


def marks(said: Said, mark: str) -> list[str]:
    return [line.removeprefix(mark).strip() for line in said.out.splitlines() if line[0] == mark]


def test_a_stopped_folder_is_examined_and_left_stopped(data_dir: Path) -> None:
    said = run("doctor", "--data-dir", str(data_dir))

    assert (said.code, said.err) == (0, ""), said.out
    assert said.out.splitlines()[-1] == "没有发现问题，2 处请留意"
    assert "Redis：没有在运行的 minhu up，未检查" in marks(said, "!")
    assert "事件日志：只增不改，触发器有效" in marks(said, "✓")
    assert list_servers(data_dir) == []


def test_an_empty_folder_is_told_where_to_begin_and_stays_absent(tmp_path: Path) -> None:
    folder = tmp_path / "new"

    said = run("doctor", "--data-dir", str(folder))

    assert said.code == 0
    assert marks(said, "!") == [
        f"数据：{folder} 中还没有数据。处理：请运行 minhu up，或设置 MINHU_DATABASE_URL"
    ]
    assert not folder.exists()


def test_a_sound_outside_database_with_redis_is_found_sound(outside: dict[str, str]) -> None:
    said = diagnose(outside)

    assert (said.code, marks(said, "✗"), said.err) == (0, [], "")
    assert "Redis：有应答" in marks(said, "✓")
    assert any(line.startswith("服务的数据库角色：minhu_app") for line in marks(said, "✓"))


def test_a_keyring_open_to_others_or_broken_is_named_and_the_rest_still_examined(
    outside: dict[str, str], tmp_path: Path
) -> None:
    open_to_all = Path(shutil.copy2(outside["MINHU_KEYRING_FILE"], tmp_path / "open.json"))
    open_to_all.chmod(0o644)
    broken = tmp_path / "broken.json"
    broken.write_text('{"current": {}}')
    broken.chmod(0o600)
    missing = tmp_path / "missing.json"
    expected = {
        open_to_all: "密钥文件：密钥文件须只有属主可读（chmod 600）。"
        f"处理：请执行 chmod 600 {open_to_all}",
        broken: f"密钥文件：{broken.name} 的内容残缺。处理：请从备份恢复 {broken}",
        missing: "密钥文件：无法读取密钥文件（MINHU_KEYRING_FILE）：missing.json。"
        f"处理：请从备份恢复 {missing}",
    }
    started = {
        line: start("doctor", given=outside | {"MINHU_KEYRING_FILE": str(file)})
        for file, line in expected.items()
    }
    for line, process in started.items():
        said = finish(process)
        assert (said.code, marks(said, "✗"), said.err) == (1, [line], "")
        assert "事件日志：只增不改，触发器有效" in marks(said, "✓")


def test_a_keyring_of_another_installation_is_noticed(
    outside: dict[str, str], tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    assert run("keyring", "create", str(other)).code == 0

    said = diagnose(outside | {"MINHU_KEYRING_FILE": str(other)})

    assert marks(said, "✗") == [
        "上级平台：签名密钥解不开，密钥文件与数据不配。处理：请从备份恢复当时的密钥文件"
    ]


def test_a_setting_that_cannot_work_is_named_without_its_password(
    outside: dict[str, str], tmp_path: Path
) -> None:
    dead = "postgresql://minhu_app:secret@127.0.0.1:9/minhu"
    cases = {
        "数据库：连不上数据库 127.0.0.1:9/minhu": {"MINHU_DATABASE_URL": dead},
        "MINHU_DATABASE_URL 不是可用的地址": {"MINHU_DATABASE_URL": "secret"},
        "Redis：没有应答": {"MINHU_REDIS_URL": "redis://:secret@127.0.0.1:9/0"},
        "MINHU_REDIS_URL 不是可用的地址": {"MINHU_REDIS_URL": "redis://:secret@host:port/0"},
        "设置：缺少 MINHU_REDIS_URL": {"MINHU_REDIS_URL": ""},
        "请设置环境变量：MINHU_KEYRING_FILE": {"MINHU_KEYRING_FILE": ""},
    }
    started = {
        told: start("doctor", "--data-dir", str(tmp_path), given=outside | changed)
        for told, changed in cases.items()
    }
    for told, process in started.items():
        said = finish(process)
        assert (said.code, said.err) == (1, ""), said.out
        assert [told in line for line in marks(said, "✗")] == [True], said.out
        assert "secret" not in said.out


def test_services_that_connect_as_the_owner_are_told_to_change(
    outside: dict[str, str], owner_url: str
) -> None:
    said = diagnose(outside | {"MINHU_DATABASE_URL": owner_url})

    assert marks(said, "✗") == [
        "服务的数据库角色：minhu_owner 是表的所有者，或能绕过行级安全。"
        "处理：请在 MINHU_DATABASE_URL 中改用 minhu_app"
    ]


async def test_every_fault_in_the_database_is_named_at_once(
    outside: dict[str, str], execute: Execute
) -> None:
    delivery = (
        "INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type, attempts,"
        " last_error, created_at, next_try_at, parked_at) VALUES"
    )
    await execute(
        f"ALTER TABLE ticket_events DISABLE TRIGGER {GUARD}",
        f"{delivery} (1, 1, 1, 'scoring', 'ticket.received', 8, 'ValueError', now(), now(), now())",
        f"{delivery} (1, 2, 1, 'scoring', 'ticket.received', 0, NULL, now() - interval '1 h',"
        " now() - interval '1 h', NULL)",
        "INSERT INTO sandbox_clock (one, now_at) VALUES (true, '2026-11-18 09:00+08')",
        "DELETE FROM calendar_days",
        "DELETE FROM calendars",
        "UPDATE alembic_version SET version_num = 'older'",
    )

    said = diagnose(outside | {"MINHU_ENV": "production"})

    assert said.code == 1
    found = {line.split("：")[0]: line for line in marks(said, "✗")}
    assert "在版本 older，程序要求" in found["表结构"]
    assert "请运行 minhu migrate" in found["表结构"]
    assert "触发器缺失或被停用" in found["事件日志"]
    assert "生产环境不得使用沙箱的数据" in found["沙箱时钟"]
    assert "缺少日历或时限" in found["jingan-lvrong 的日历与时限"]
    owed = found["jingan-lvrong 的应投递"]
    assert "待处理 1，搁置 1，最早的已等 36" in owed
    assert "请确认 minhu worker 在运行" in owed
    assert "没有在运行，1 件无人处理" in found["后台进程"]
    assert len(found) == 6, said.out


async def test_parked_deliveries_are_shown_with_their_error_and_do_no_harm_by_themselves(
    outside: dict[str, str], execute: Execute
) -> None:
    await execute(
        "INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type, attempts,"
        " last_error, created_at, next_try_at, parked_at) VALUES"
        " (1, 1, 1, 'scoring', 'ticket.received', 8, 'ValueError', now(), now(), now())"
    )

    said = diagnose(outside)

    assert said.code == 0
    assert any("待处理 0，搁置 1（scoring ValueError）" in line for line in marks(said, "!")), (
        said.out
    )


async def test_a_log_that_the_services_could_change_is_named(
    outside: dict[str, str], execute: Execute
) -> None:
    await execute("GRANT UPDATE ON ticket_events TO minhu_app")

    said = diagnose(outside)

    assert len(marks(said, "✗")) == 1
    assert "REVOKE UPDATE, DELETE, TRUNCATE ON ticket_events FROM minhu_app" in said.out


@pytest.mark.parametrize(
    ("last", "grade", "told"),
    [(2026, Grade.BAD, "缺少 2027 年"), (2027, Grade.WATCH, "2027 年为暂定")],
)
def test_a_calendar_without_next_year_is_a_fault_and_a_provisional_one_is_noted(
    last: int, grade: Grade, told: str
) -> None:
    calendar = calendar_of("x", [one for one in load_calendar_years() if one.year <= last])

    found = judge_calendar("日历", calendar, datetime(2026, 11, 18, tzinfo=UTC))

    assert found.grade is grade
    assert told in found.text
    assert "minhu calendar load" in found.mend


def test_an_old_server_and_another_encoding_are_faults() -> None:
    class Server:
        major, version, encoding = 14, "14.2", "SQL_ASCII"

    found: list[Finding] = list(judge_server(Server()))

    assert [(one.subject, one.grade) for one in found] == [
        ("数据库", Grade.BAD),
        ("数据库编码", Grade.BAD),
    ]
