"""What production runs: `migrate`, `serve` and `worker`, one process each, on outside servers."""

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import asyncpg
import httpx
import pytest

from tests.cli.console import (
    GONE_SECONDS,
    finish,
    free_base,
    is_free,
    run,
    start,
    wait_until,
)
from tests.cli.platform import push_ticket
from tests.conftest import Stack

NAME = "cli_production"


@pytest.fixture
async def empty(stack: Stack, outside: dict[str, str]) -> AsyncIterator[dict[str, str]]:
    """Variables naming an empty database that nothing has been migrated into."""
    connection = await asyncpg.connect(stack.superuser_url)
    await connection.execute(f"CREATE DATABASE {NAME} OWNER minhu_owner")
    yield outside | {
        "MINHU_DATABASE_URL": stack.url_of(NAME),
        "MINHU_OWNER_DATABASE_URL": stack.owner_url_of(NAME),
        "MINHU_ENV": "production",
    }
    await connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    await connection.close()


@contextmanager
def running(*words: str, given: dict[str, str], port: int | None = None) -> Iterator[None]:
    """One process, ended by SIGTERM, which it has to obey in time."""
    process = start(*words, given=given)
    try:
        if port is not None:
            wait_until(lambda: not is_free(port), process)
        yield
        process.send_signal(signal.SIGTERM)
        said = finish(process, seconds=GONE_SECONDS)
        # A service passes the signal on to itself once it has closed everything.
        assert said.code in (0, -signal.SIGTERM)
        assert "Traceback" not in said.err
    finally:
        process.kill()
        process.communicate()


def test_a_ticket_goes_through_processes_started_one_by_one(empty: dict[str, str]) -> None:
    too_early = run("keys", "issue", "--role", "desk", given=empty)
    migrated = [run("migrate", given=empty) for _ in range(2)]
    own = {name: url for name, url in empty.items() if name != "MINHU_OWNER_DATABASE_URL"}
    assert "请先运行 minhu migrate" in too_early.err
    assert [(said.code, said.out, said.err) for said in migrated] == [
        (0, "数据库已在版本 head\n", "")
    ] * 2

    loaded = run("org", "load", "shared/data/sample-organisation.json", given=own)
    assert loaded.code == 0, loaded.err
    secret = run("sources", "add", "city-12345", given=own).last_line
    key = run("keys", "issue", "--role", "desk", given=own).last_line
    base = free_base()
    facts: dict[str, Any] = {
        "intake": f"http://127.0.0.1:{base + 1}",
        "sources": {"city-12345": {"secret": secret}},
    }
    with ExitStack() as stack:
        for place, service in enumerate(("intake", "dispatch"), 1):
            port = base + place
            words = ("serve", service, "--port", str(port))
            stack.enter_context(running(*words, given=own, port=port))
        stack.enter_context(running("worker", given=own))
        assert push_ticket(facts) == "applied"
        headers = {"Authorization": f"Bearer {key}"}
        listed = httpx.get(f"http://127.0.0.1:{base + 2}/v1/tickets", headers=headers).json()
        assert [one["state"] for one in listed["items"]] == ["received"]
        assert httpx.get(f"{facts['intake']}/sandbox/clock").status_code == 404
        taken = run("serve", "scoring", "--port", str(base + 1), given=own)
    assert taken.code == 1
    assert taken.err.splitlines()[-1].startswith(f"错误：不能监听 127.0.0.1:{base + 1}：")


@pytest.mark.parametrize("words", [("serve", "intake"), ("worker",), ("migrate",)])
def test_a_process_without_its_settings_names_what_is_missing(words: tuple[str, ...]) -> None:
    said = run(*words, given={"MINHU_DATABASE_URL": "", "MINHU_OWNER_DATABASE_URL": ""})

    missing = "MINHU_OWNER_DATABASE_URL" if words == ("migrate",) else "MINHU_DATABASE_URL"
    assert said.code == 1
    assert said.err.startswith("错误：请设置环境变量")
    assert missing in said.err


def test_production_is_refused_a_sandbox_by_its_settings_too(outside: dict[str, str]) -> None:
    given = outside | {"MINHU_ENV": "production", "MINHU_SANDBOX": "1"}

    said = run("serve", "intake", given=given)

    assert said.err == "错误：MINHU_ENV=production 时不得使用沙箱（MINHU_SANDBOX）\n"


def test_a_keyring_is_made_once_and_never_replaced(tmp_path: Any) -> None:
    file = tmp_path / "keyring.json"

    first = run("keyring", "create", str(file))
    content = file.read_bytes()
    second = run("keyring", "create", str(file))

    assert (first.code, second.code) == (0, 1)
    assert second.err.startswith(f"错误：{file} 已存在，没有改动")
    assert file.read_bytes() == content
    assert file.stat().st_mode & 0o777 == 0o600
