"""What a key is for, until when, and its two live halves while a system changes over."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from services.dispatch.app import DOORS
from shared.domain.words import Role
from shared.errors import Conflict
from shared.identity import secret_hash
from shared.identity.keys import revoke_key, rotate_key
from shared.identity.scopes import KeyScope
from shared.identity.uses import Uses
from shared.tickets import Hotline
from tests.access.asking import ask, bearer, change, issue
from tests.conftest import BUREAU
from tests.factories import make_ticket

FORGOTTEN_SECONDS = 5.0
KEY = {"Idempotency-Key": "once"}


async def read_key(hotline: Hotline, token: str) -> Any:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return await tx.row(
            text("SELECT * FROM api_keys WHERE bureau_id = :bureau AND key_id = :key"),
            bureau=BUREAU,
            key=token.split("_")[1],
        )


async def rotate(hotline: Hotline, token: str, *, grace: timedelta) -> str:
    async with hotline.database.transaction(BUREAU) as tx:
        made = await rotate_key(tx.connection, BUREAU, token.split("_")[1], grace=grace)
    return made.plain


async def until(client: AsyncClient, token: str, status: int) -> float:
    began = time.monotonic()
    while (await ask(client, token)).status_code != status:
        assert time.monotonic() - began < FORGOTTEN_SECONDS, f"not yet {status}"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("scopes", "call", "status"),
    [
        ([], "GET /v1/tickets", 200),
        ([KeyScope.TICKETS_READ], "GET /v1/tickets", 200),
        ([KeyScope.TICKETS_READ], "GET /v1/events", 200),
        ([KeyScope.TICKETS_READ], "POST /v1/tickets/{no}/triage", 403),
        ([KeyScope.TICKETS_READ], "PUT /v1/emergency", 403),
        ([KeyScope.TICKETS_READ], "GET /v1/dead-letters", 403),
        ([KeyScope.TICKETS_WRITE], "GET /v1/tickets", 403),
        ([KeyScope.TICKETS_WRITE], "POST /v1/tickets/{no}/triage", 422),
        ([KeyScope.SCORES_READ, KeyScope.ADMIN], "GET /v1/tickets/{no}", 403),
        ([KeyScope.ADMIN], "GET /v1/dead-letters", 200),
        ([KeyScope.TICKETS_READ], "GET /v1/subscriptions", 403),
    ],
)
async def test_a_call_outside_the_scope_is_forbidden(
    dispatch: AsyncClient, hotline: Hotline, scopes: list[KeyScope], call: str, status: int
) -> None:
    method, path = call.split()
    no = await make_ticket(hotline)
    key = await issue(hotline, scopes=scopes)

    answer = await dispatch.request(
        method,
        path.format(no=no),
        headers={**bearer(key), **KEY},
        json=None if method == "GET" else {},
    )

    assert answer.status_code == status, answer.text
    if status == 403:
        assert answer.json()["type"] == "/problems/forbidden"
        assert "没有这项权限" in answer.json()["detail"]


async def test_scopes_hold_in_all_three_services(
    dispatch: AsyncClient, scoring: AsyncClient, intake: AsyncClient, hotline: Hotline
) -> None:
    key = await issue(hotline, role=Role.ADMIN, scopes=[KeyScope.SCORES_READ])
    other = await issue(hotline, role=Role.ADMIN, scopes=[KeyScope.ADMIN])
    addresses = {scoring: "/v1/schemes", intake: "/v1/quarantine", dispatch: "/v1/tickets"}

    found = [
        [
            (await client.get(path, headers=bearer(one))).status_code
            for client, path in addresses.items()
        ]
        for one in (key, other)
    ]

    assert found == [[200, 403, 403], [403, 200, 403]]


def test_revealing_a_caller_asks_for_a_scope_of_its_own() -> None:
    assert DOORS.scope_of("POST", "/v1/tickets/{no}/reveal") is KeyScope.CALLERS_REVEAL
    assert DOORS.scope_of("POST", "/v1/tickets/{no}/accept") is KeyScope.TICKETS_WRITE


async def test_a_scope_widens_no_role(scoring: AsyncClient, hotline: Hotline) -> None:
    unit = "sanitation-section"
    key = await issue(
        hotline, role=Role.UNIT, unit=unit, scopes=[KeyScope.ADMIN, KeyScope.SCORES_WRITE]
    )

    answer = await scoring.post("/v1/schemes", headers={**bearer(key), **KEY}, json={})

    assert (answer.status_code, answer.json()["detail"]) == (403, "此密钥的角色不能使用这个接口")


async def test_a_key_ends_by_itself_in_real_time_even_where_it_is_remembered(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    end = datetime.now(UTC) + timedelta(seconds=0.6)
    key = await issue(hotline, expires_at=end)
    assert (await ask(dispatch, key)).status_code == 200

    took = await until(dispatch, key, 401)

    assert took < 1.5, "the two seconds for which keys are remembered do not lengthen its life"


async def test_two_keys_live_while_a_system_changes_over_and_never_three(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    first = await issue(
        hotline, actor="李强", scopes=[KeyScope.TICKETS_READ], networks=["127.0.0.0/8"]
    )
    second = await rotate(hotline, first, grace=timedelta(hours=24))
    assert [(await ask(dispatch, one)).status_code for one in (first, second)] == [200, 200]
    old, new = await read_key(hotline, first), await read_key(hotline, second)
    same = ("role", "unit_id", "actor", "scopes", "networks")
    assert [getattr(old, name) for name in same] == [getattr(new, name) for name in same]
    assert timedelta(hours=23) < old.expires_at - datetime.now(UTC) < timedelta(hours=25)
    assert new.expires_at is None
    with pytest.raises(Conflict, match="已轮换过"):
        await rotate(hotline, first, grace=timedelta(hours=24))

    third = await rotate(hotline, second, grace=timedelta(hours=1))

    await until(dispatch, first, 401)
    assert [(await ask(dispatch, one)).status_code for one in (second, third)] == [200, 200]


async def test_a_rotated_key_lives_no_longer_than_it_would_have(hotline: Hotline) -> None:
    end = datetime.now(UTC) + timedelta(hours=2)
    key = await issue(hotline, expires_at=end)

    following = await rotate(hotline, key, grace=timedelta(days=7))

    assert (await read_key(hotline, key)).expires_at == end
    assert (await read_key(hotline, following)).expires_at - end < timedelta(minutes=1)


async def test_a_dead_key_is_not_rotated(hotline: Hotline) -> None:
    key = await issue(hotline)
    async with hotline.database.transaction(BUREAU) as tx:
        await revoke_key(tx.connection, BUREAU, key.split("_")[1])
    with pytest.raises(Conflict, match="已失效"):
        await rotate(hotline, key, grace=timedelta(hours=1))


async def test_the_last_use_is_written_once_a_minute_at_most_and_later(hotline: Hotline) -> None:
    key = await issue(hotline)
    key_id = key.split("_")[1]
    here, there = Uses(hotline.database), Uses(hotline.database)
    for _ in range(100):
        here.note(BUREAU, key_id)
    assert (await read_key(hotline, key)).last_used_at is None

    await here.write()
    first = (await read_key(hotline, key)).last_used_at
    assert abs(datetime.now(UTC) - first) < timedelta(seconds=10)
    for one in (here, there):
        one.note(BUREAU, key_id)
        await one.write()
    assert (await read_key(hotline, key)).last_used_at == first

    await change(hotline, "UPDATE api_keys SET last_used_at = last_used_at - interval '61 seconds'")
    await there.write()
    assert (await read_key(hotline, key)).last_used_at >= first


async def test_keys_are_no_use_to_a_reader_of_the_database(hotline: Hotline) -> None:
    key = await issue(hotline)
    row = await read_key(hotline, key)

    assert bytes(row.secret_hash) == secret_hash(key.split("_", 2)[2])
    assert not any(key.split("_", 2)[2] in str(value) for value in row)
