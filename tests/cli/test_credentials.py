"""`minhu keys` and `minhu sources`: secrets shown once, used, changed and taken back."""

import hashlib
import time
from typing import Any

from httpx import AsyncClient

from shared.tickets import Hotline
from tests.cli.console import finish, run, start
from tests.platform import Platform

FORGOTTEN_SECONDS = 10.0


async def list_tickets(dispatch: AsyncClient, key: str) -> int:
    answer = await dispatch.get("/v1/tickets", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code


async def read_all(hotline: Hotline, table: str) -> list[dict[str, Any]]:
    async with hotline.database.transaction(1) as tx:
        found = await tx.connection.exec_driver_sql(f"SELECT * FROM {table}")
        return [dict(row._mapping) for row in found]


async def test_a_key_is_shown_once_kept_as_a_hash_and_dead_once_revoked(
    outside: dict[str, str], hotline: Hotline, dispatch: AsyncClient
) -> None:
    issued = run("keys", "issue", "--role", "desk", "--actor", "王芳", given=outside)
    key = issued.last_line
    _, key_id, secret = key.split("_", 2)
    assert issued.out == f"{key}\n"
    assert secret not in issued.err
    assert await list_tickets(dispatch, key) == 200

    rows = {row["key_id"]: row for row in await read_all(hotline, "api_keys")}
    assert bytes(rows[key_id]["secret_hash"]) == hashlib.sha256(secret.encode()).digest()
    assert not any(secret in str(value) for row in rows.values() for value in row.values())
    listed = run("keys", "list", given=outside)
    (line,) = [one for one in listed.out.splitlines() if key_id in one]
    assert {"desk", "王芳", "有效"} <= set(line.split())
    assert secret not in listed.out

    revoked = run("keys", "revoke", key_id, given=outside)
    assert (revoked.code, revoked.out) == (0, f"已吊销 {key_id}（王芳）\n")
    deadline = time.monotonic() + FORGOTTEN_SECONDS
    while await list_tickets(dispatch, key) != 401:
        assert time.monotonic() < deadline, "the revoked key still opens"
    assert f"已吊销 {time.strftime('%Y-')}" in run("keys", "list", given=outside).out


def test_a_key_that_fits_nobody_is_refused(outside: dict[str, str]) -> None:
    cases = {
        "角色 unit 须用 --unit 指明单位": ["issue", "--role", "unit"],
        "没有代号为 nobody 的单位；现有：": ["issue", "--role", "unit", "--unit", "nobody"],
        "角色 desk 属于全局，不能绑定单位": ["issue", "--role", "desk", "--unit", "hotline-desk"],
        "没有代号为 nowhere 的局；现有：": ["issue", "--role", "bi", "--bureau", "nowhere"],
        "没有编号为 abcdefgh 的密钥": ["revoke", "abcdefgh"],
    }
    started = {told: start("keys", *words, given=outside) for told, words in cases.items()}
    for told, process in started.items():
        said = finish(process)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(f"错误：{told}")


async def test_two_secrets_of_a_platform_live_side_by_side_while_it_changes_over(
    outside: dict[str, str], hotline: Hotline, intake: AsyncClient
) -> None:
    first = run("sources", "add", "county-line", given=outside).last_line
    second = run("sources", "rotate", "county-line", given=outside).last_line
    pushed = [
        await Platform(intake, "county-line", secret).create(f"C-{number}")
        for number, secret in enumerate((first, second))
    ]
    assert [answer.status_code for answer in pushed] == [202, 202]
    listed = run("sources", "list", given=outside)
    (line,) = [one for one in listed.out.splitlines() if one.startswith("county-line")]
    assert line.split()[-4:] == ["2", "-", "-", "-"]
    assert not {first, second} & set(listed.out.split())

    third = run("sources", "rotate", "county-line", given=outside).last_line
    deadline = time.monotonic() + FORGOTTEN_SECONDS
    while (await Platform(intake, "county-line", first).create("C-3")).status_code != 401:
        assert time.monotonic() < deadline, "the oldest secret still opens"
    for number, secret in enumerate((second, third)):
        answer = await Platform(intake, "county-line", secret).create(f"D-{number}")
        assert answer.status_code == 202

    stored = str(await read_all(hotline, "source_secrets"))
    assert not any(secret.removeprefix("whsec_") in stored for secret in (first, second, third))


def test_a_platform_that_cannot_be_registered_is_told_why(outside: dict[str, str]) -> None:
    cases = {
        "此来源名已有登记": ["add", "city-12345"],
        "来源名只能用小写字母": ["add", "Not A Name"],
        "回调地址须为 https": ["add", "plain", "--callback", "http://example.org/hook"],
        "没有登记过来源 stranger": ["rotate", "stranger"],
    }
    started = {told: start("sources", *words, given=outside) for told, words in cases.items()}
    for told, process in started.items():
        said = finish(process)
        assert (said.code, said.out) == (1, "")
        assert said.err.startswith(f"错误：{told}")
