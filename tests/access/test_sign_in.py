"""Persons sign in, are locked out, and leave; nobody learns which part was wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from services.dispatch.app import create_app
from shared.domain.words import Role
from shared.identity.accounts import set_disabled
from shared.identity.lockouts import told_of
from shared.identity.sessions import end_sessions
from shared.settings import Settings
from shared.tickets import Hotline
from tests.access.asking import ask, bearer, change, heard_from, issue
from tests.access.persons import PASSWORD, Person, fresh, make_person
from tests.access.test_keys import until
from tests.conftest import BUREAU
from tests.factories import make_ticket

Count = Callable[[str], Awaitable[Any]]


def told(answer: Response) -> tuple[int, dict[str, Any], set[str]]:
    """All of an answer but its trace."""
    body = {name: value for name, value in answer.json().items() if name != "instance"}
    return answer.status_code, body, set(answer.headers)


async def failures(hotline: Hotline, kind: str) -> dict[str, Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = await tx.rows(
            text("SELECT *, locked_until - failed_at AS lock FROM sign_in_failures")
        )
    names = {told_of("wangfang"): "wangfang"}  # of accounts only a digest is kept
    return {names.get(row.subject, row.subject): row for row in rows if row.kind == kind}


async def test_a_person_signs_in_works_under_his_name_and_signs_out(
    dispatch: AsyncClient, scoring: AsyncClient, hotline: Hotline
) -> None:
    person = await make_person(hotline, with_code=True)

    answer = await person.sign_in(dispatch)

    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    shown = answer.json()
    token = shown.pop("token")
    assert (shown["account"], shown["actor"], shown["role"]) == ("wangfang", "王芳", "desk")
    seen = await dispatch.get("/v1/session", headers=bearer(token))
    assert seen.json() == shown
    assert (await ask(dispatch, token)).status_code == 200
    assert (await scoring.get("/v1/schemes", headers=bearer(token))).status_code == 200
    gone = await dispatch.delete("/v1/session", headers={**bearer(token), **fresh()})
    assert (gone.status_code, gone.json()) == (200, {"status": "signed_out"})
    assert (await ask(dispatch, token)).status_code == 401


async def test_whatever_is_wrong_the_answer_is_the_same(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    person = await make_person(hotline, with_code=True)
    disabled = await make_person(hotline, "liqiang")
    locked = await make_person(hotline, "zhaomin")
    async with hotline.database.transaction(BUREAU) as tx:
        await set_disabled(tx, "liqiang", disabled=True)
    for _ in range(5):
        await locked.sign_in(dispatch, password="wrong")

    answers = [
        await person.sign_in(dispatch, password="wrong", code="000000"),
        await person.sign_in(dispatch, code="000000"),
        await person.sign_in(dispatch, code=""),
        await Person("nobody").sign_in(dispatch),
        await Person("nobody@nowhere").sign_in(dispatch),
        await Person("' OR 1=1 --").sign_in(dispatch),
        await disabled.sign_in(dispatch),
        await locked.sign_in(dispatch),
    ]

    assert {str(told(answer)) for answer in answers} == {str(told(answers[0]))}
    assert told(answers[0])[:2] == (
        401,
        {
            "type": "/problems/unauthenticated",
            "title": "未通过身份验证",
            "status": 401,
            "detail": "登录名、口令或动态码不对，或失败过多已暂时锁定",
        },
    )


async def test_a_code_opens_once_and_a_recovery_code_once(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    person = await make_person(hotline, with_code=True)
    code = person.next_code()

    found = [(await person.sign_in(dispatch, code=code)).status_code for _ in range(2)]
    one, other = person.recovery_codes[:2]
    found += [(await person.sign_in(dispatch, code=each)).status_code for each in (one, one, other)]

    assert found == [201, 401, 201, 401, 201]


async def test_of_two_who_use_the_same_code_at_once_one_gets_in(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    person = await make_person(hotline, with_code=True)
    code = person.next_code()

    answers = await asyncio.gather(*(person.sign_in(dispatch, code=code) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]


async def test_guesses_lock_the_account_for_longer_and_longer_and_a_restart_forgets_nothing(
    settings: Settings, hotline: Hotline
) -> None:
    person = await make_person(hotline)
    locks = []
    for _ in range(8):
        async with heard_from(create_app(settings), "198.51.100.7") as dispatch:
            while (await failures(hotline, "account")).get("wangfang") is None or not (
                await failures(hotline, "account")
            )["wangfang"].lock:
                assert (await person.sign_in(dispatch, password="wrong")).status_code == 401
            assert (await person.sign_in(dispatch)).status_code == 401, "locked"
        locks.append((await failures(hotline, "account"))["wangfang"].lock)
        await change(hotline, "UPDATE sign_in_failures SET locked_until = now() - interval '1 s'")
        async with heard_from(create_app(settings), "198.51.100.7") as dispatch:
            await person.sign_in(dispatch, password="wrong")

    minutes = [lock / timedelta(minutes=1) for lock in locks]
    assert minutes[:4] == [1, 2, 4, 8]
    assert set(minutes[4:]) == {15}
    await change(hotline, "UPDATE sign_in_failures SET locked_until = now() - interval '1 s'")
    async with heard_from(create_app(settings), "198.51.100.7") as dispatch:
        assert (await person.sign_in(dispatch)).status_code == 201
    assert "wangfang" not in await failures(hotline, "account")


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    person = await make_person(hotline)

    wrong = [person.sign_in(dispatch, password="wrong") for _ in range(20)]
    await asyncio.gather(*wrong)

    assert (await failures(hotline, "account"))["wangfang"].failures == 5
    assert (await person.sign_in(dispatch)).status_code == 401


async def test_an_address_that_tries_many_names_is_locked_and_others_are_not(
    settings: Settings, hotline: Hotline
) -> None:
    person = await make_person(hotline)
    async with heard_from(create_app(settings), "198.51.100.7") as dispatch:
        for number in range(30):
            await Person(f"guess-{number}").sign_in(dispatch)
        assert (await person.sign_in(dispatch)).status_code == 401
    async with heard_from(create_app(settings), "198.51.100.8") as dispatch:
        assert (await person.sign_in(dispatch)).status_code == 201
    assert (await failures(hotline, "address"))["198.51.100.7"].failures == 30


async def test_a_session_ends_when_it_is_not_used_and_anyway(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    person = await make_person(hotline)
    tokens = [(await person.sign_in(dispatch)).json()["token"] for _ in range(3)]
    idle, old, live = (token.split("_")[1] for token in tokens)
    back = "UPDATE sessions SET last_used_at = now() - interval '31 minutes' WHERE session_id = :id"
    await change(hotline, back, id=idle)
    end = "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE session_id = :id"
    await change(hotline, end, id=old)

    found = [(await ask(dispatch, token)).status_code for token in tokens]

    assert found == [401, 401, 200]
    assert live != idle


async def test_all_sessions_of_a_person_end_within_five_seconds(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    person, other = await make_person(hotline), await make_person(hotline, "liqiang")
    tokens = [(await person.sign_in(dispatch)).json()["token"] for _ in range(3)]
    kept = (await other.sign_in(dispatch)).json()["token"]
    assert {(await ask(dispatch, one)).status_code for one in (*tokens, kept)} == {200}

    async with hotline.database.transaction(BUREAU) as tx:
        assert await end_sessions(tx, "wangfang") == 3

    for one in tokens:
        await until(dispatch, one, 401)
    assert (await ask(dispatch, kept)).status_code == 200


async def test_of_a_sign_in_only_the_fact_is_kept(dispatch: AsyncClient, hotline: Hotline) -> None:
    person = await make_person(hotline)
    body, headers = {"account": "wangfang", "password": PASSWORD}, fresh()

    first = await dispatch.post("/v1/session", json=body, headers=headers)
    again = await dispatch.post("/v1/session", json=body, headers=headers)
    bare = await dispatch.post("/v1/session", json=body)
    no_password = await dispatch.post("/v1/session", json={"account": "x"}, headers=fresh())

    assert [one.status_code for one in (first, again, bare, no_password)] == [201, 409, 422, 422]
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        kept = await tx.rows(text("SELECT * FROM idempotency_keys"))
        sessions = await tx.rows(text("SELECT * FROM sessions"))
        accounts = await tx.rows(text("SELECT * FROM accounts"))
    assert [row.answer for row in kept] == [None]
    stored = str([tuple(row) for row in (*kept, *sessions, *accounts)])
    assert first.json()["token"].split("_", 2)[2] not in stored
    assert person.password not in stored


async def test_a_person_is_the_same_person_by_key_and_by_session(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    """Separation of duties (ruling 20) goes by who it is, not by what he shows."""
    no = await make_ticket(hotline)
    key = await issue(hotline, role=Role.DESK, actor="王芳")
    same = await make_person(hotline, role=Role.LEADER)
    other = await make_person(hotline, "liqiang", actor="李强", role=Role.LEADER)
    asked = await dispatch.post(
        f"/v1/tickets/{no}/void", json={"reason": "重复"}, headers={**bearer(key), **fresh()}
    )
    assert asked.status_code == 200, asked.text

    found = []
    for one in (same, other):
        token = (await one.sign_in(dispatch)).json()["token"]
        answer = await dispatch.post(
            f"/v1/tickets/{no}/confirm-void",
            json={"granted": True, "comment": "同意"},
            headers={**bearer(token), **fresh()},
        )
        found.append(answer.status_code)

    assert found == [403, 200]


async def test_a_key_has_no_session_to_leave(dispatch: AsyncClient, hotline: Hotline) -> None:
    key = await issue(hotline, actor="李强")

    seen = await dispatch.get("/v1/session", headers=bearer(key))
    left = await dispatch.delete("/v1/session", headers={**bearer(key), **fresh()})

    assert (seen.json()["account"], seen.json()["actor"]) == (None, "李强")
    assert left.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"account": "wangfang", "password": ""},
        {"account": "wangfang", "password": "x" * 129},
        {"account": "x" * 161, "password": "y"},
        {"account": "wang\0fang", "password": "y"},
        {"account": "wangfang", "password": "y", "role": "admin"},
        {"account": ["wangfang"], "password": {"$ne": ""}},
    ],
)
async def test_a_sign_in_that_is_none_is_refused_unread(
    dispatch: AsyncClient, body: dict[str, Any]
) -> None:
    answer = await dispatch.post("/v1/session", json=body, headers=fresh())

    assert answer.status_code == 422
    assert "errors" in answer.json()
