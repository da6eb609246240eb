"""The embedded servers, for real: every test starts some in a folder of its own."""

import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from shared.embedded import (
    BinariesMissing,
    EmbeddedInUse,
    Postgres,
    Redis,
    start_postgres,
    start_redis,
)
from shared.embedded.binaries import find_postgres
from shared.embedded.folder import PortTaken
from shared.embedded.logs import LARGEST_LOG, open_log


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def postgres(folder: Path) -> Iterator[Postgres]:
    server = start_postgres(folder)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def valkey(folder: Path) -> Iterator[Redis]:
    server = start_redis(folder)
    yield server
    server.stop()


async def ask(url: str, *statements: str) -> object:
    """The answer to the last statement."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


def ping(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        return bool(client.ping())


async def test_the_owner_can_prepare_everything_a_migration_needs(postgres: Postgres) -> None:
    password = postgres.facts["app"]
    trigrams = await ask(
        postgres.owner_url,
        "CREATE EXTENSION pg_trgm",
        f"CREATE ROLE minhu_app LOGIN PASSWORD '{password}'",
        "CREATE TABLE visible (n int)",
        "GRANT INSERT, SELECT ON visible TO minhu_app",
        "SELECT show_trgm('民呼我为')",
    )

    assert trigrams
    assert await ask(postgres.app_url, "INSERT INTO visible VALUES (7) RETURNING n") == 7
    assert await ask(postgres.app_url, "SHOW server_encoding") == "UTF8"
    assert await ask(postgres.superuser_url, "SELECT rolsuper FROM pg_roles WHERE rolname = USER")


async def test_postgres_refuses_who_does_not_know_the_password(postgres: Postgres) -> None:
    known = postgres.owner_url
    for url in (known.replace(postgres.facts["owner"], "guess"), known.replace("minhu_owner", "x")):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await ask(url, "SELECT 1")


def test_redis_refuses_who_does_not_know_the_password(valkey: Redis) -> None:
    secret = valkey.facts["password"]

    with pytest.raises(redis.AuthenticationError):
        ping(valkey.url.replace(secret, "guess"))
    with pytest.raises(redis.AuthenticationError):
        ping(valkey.url.replace(f":{secret}@", ""))
    assert ping(valkey.url)


def test_no_secret_can_be_read_by_others(folder: Path, postgres: Postgres, valkey: Redis) -> None:
    secrets = {*postgres.facts.values(), *valkey.facts.values()} - {
        postgres.facts["port"],
        valkey.facts["port"],
    }
    arguments = " ".join(
        word for pid in (postgres.pid, valkey.pid) for word in psutil.Process(pid).cmdline()
    )
    holders = [
        path for path in folder.rglob("*") if path.is_file() and holds(path, secrets, folder / "pg")
    ]

    assert not any(secret in arguments for secret in secrets)
    assert {path.name for path in holders} == {"postgres.json", "redis.json", "redis.conf"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in holders} == {0o600}


def holds(path: Path, secrets: set[str], cluster: Path) -> bool:
    if str(path).startswith(str(cluster)):
        return False
    content = path.read_bytes()
    return any(secret.encode() in content for secret in secrets)


@pytest.mark.parametrize("start", [start_postgres, start_redis])
def test_a_folder_in_use_is_refused_in_plain_words(
    folder: Path, postgres: Postgres, valkey: Redis, start: type
) -> None:
    with pytest.raises(
        EmbeddedInUse, match=f"数据目录 .* 正被另一个进程（进程号 {os.getpid()}）使用"
    ):
        start(folder)
    assert postgres.answers()
    assert valkey.answers()


async def test_two_stacks_live_side_by_side(
    postgres: Postgres, valkey: Redis, tmp_path: Path
) -> None:
    other, other_valkey = start_postgres(tmp_path), start_redis(tmp_path)
    try:
        assert await ask(other.owner_url, "CREATE TABLE other ()", "SELECT 1") == 1
        assert await ask(postgres.owner_url, "SELECT to_regclass('other')") is None
        assert ping(other_valkey.url)
        assert ping(valkey.url)
        assert {other.port, other_valkey.port}.isdisjoint({postgres.port, valkey.port})
    finally:
        other_valkey.stop()
        other.stop()


async def test_postgres_keeps_its_data_through_stop_kill_and_a_recycled_id(tmp_path: Path) -> None:
    first = start_postgres(tmp_path, settings={"work_mem": "5MB"})
    await ask(first.owner_url, "CREATE TABLE kept AS SELECT 42 AS n", "SELECT 1")
    assert await ask(first.owner_url, "SHOW work_mem") == "5MB"
    first.stop()

    second = start_postgres(tmp_path)
    assert second.owner_url == first.owner_url
    assert await ask(second.owner_url, "UPDATE kept SET n = 43", "SELECT n FROM kept") == 43
    os.kill(second.pid, signal.SIGKILL)
    psutil.Process(second.pid).wait(5)
    second.stop()
    pid_file = tmp_path / f"pg{second.binaries.major}" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")

    third = start_postgres(tmp_path)
    try:
        assert await ask(third.owner_url, "SELECT n FROM kept") == 43
    finally:
        third.stop()


def test_redis_keeps_its_data_through_stop_and_kill(tmp_path: Path) -> None:
    first = start_redis(tmp_path)
    with redis.Redis.from_url(first.url) as client:
        client.set("kept", "42")
    first.stop()

    second = start_redis(tmp_path)
    assert second.url == first.url
    with redis.Redis.from_url(second.url) as client:
        assert client.incr("kept") == 43
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    os.kill(second.pid, signal.SIGKILL)
    second.stop()

    third = start_redis(tmp_path)
    try:
        with redis.Redis.from_url(third.url) as client:
            assert client.get("kept") == b"43"
    finally:
        third.stop()


def test_a_remembered_port_is_given_up_and_a_demanded_one_insisted_on(tmp_path: Path) -> None:
    first = start_redis(tmp_path)
    first.stop()
    with socket.create_server(("127.0.0.1", first.port)):
        second = start_redis(tmp_path)
        second.stop()
        with pytest.raises(PortTaken, match=f"端口 {first.port} 已被占用"):
            start_redis(tmp_path, port=first.port)
    third = start_redis(tmp_path, port=first.port)
    third.stop()

    assert second.port != first.port
    assert third.port == first.port


def test_an_interrupted_first_start_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    major = find_postgres().major
    draft = tmp_path / f"pg{major}.new" / "base"
    draft.mkdir(parents=True)
    (draft.parent / "PG_VERSION").write_text(f"{major}\n")

    server = start_postgres(tmp_path)

    assert server.answers()
    server.stop()
    assert not draft.exists()


def test_a_folder_of_an_unknown_major_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "pg99").mkdir()

    with pytest.raises(BinariesMissing, match=r"99，现有数据由这个版本建立.*MINHU_DATABASE_URL"):
        start_postgres(tmp_path)


def test_a_large_log_is_set_aside_and_its_old_writers_go_on_in_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "redis.log"
    with open_log(path) as early:
        os.truncate(path, LARGEST_LOG + 1)
        with open_log(path) as late:
            early.write(b"early\n")
            late.write(b"late\n")

    assert path.read_bytes() == b"early\nlate\n"
    assert path.with_name("redis.log.1").stat().st_size == LARGEST_LOG + 1
