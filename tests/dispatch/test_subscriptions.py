"""Subscriptions of units' systems: who hears of what, in which words, and what is refused."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from services.dispatch.app import create_app
from shared.settings import Settings
from shared.tickets import Hotline
from tests.conftest import BUREAU, served
from tests.dispatch.subscribing import OTHER, UNIT, Call, Owner, owed, told
from tests.factories import Desk, SetClock, make_ticket
from tests.intake.receiver import Receiver, receiving


async def test_a_system_hears_of_its_own_tickets_by_the_types_it_chose(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, receiver: Receiver
) -> None:
    made = await unit.subscribe(receiver.url, "ticket.dispatched", "ticket.completed")
    async with receiving() as aside:
        await Owner(desk, OTHER).subscribe(aside.url, "*")
        no = await make_ticket(hotline)
        await desk.walk(no, until="complete")
        await call()

    assert told(receiver) == [
        ("ticket.dispatched", "dispatched"),
        ("ticket.completed", "completed"),
    ]
    assert aside.heard == []
    bodies = [orjson.loads(one.body) for one in receiver.heard]
    assert [{*body} for body in bodies] == [{"type", "timestamp", "data"}] * 2
    assert [body["data"] for body in bodies] == [
        {"no": no, "state": "dispatched"},
        {"no": no, "state": "completed"},
    ]
    assert all(one.is_signed_with(made["secret"]) for one in receiver.heard)
    feed = (await desk.get(UNIT, "/v1/events?limit=500")).json()["items"]
    ids = {one["type"]: one["id"] for one in feed}
    assert [one.headers["webhook-id"] for one in receiver.heard] == [
        ids["ticket.dispatched"],
        ids["ticket.completed"],
    ]
    assert all("traceparent" in one.headers for one in receiver.heard)


async def test_an_administrators_system_hears_of_all_from_the_first_event(
    desk: Desk, hotline: Hotline, admin: Owner, call: Call, receiver: Receiver
) -> None:
    await admin.subscribe(receiver.url, "*")
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    await call()

    assert told(receiver) == [
        ("ticket.received", "received"),
        ("ticket.triaged", "triaged"),
        ("ticket.dispatched", "dispatched"),
    ]
    assert {one.data["no"] for one in receiver.heard} == {no}


async def test_warnings_are_heard_of_though_they_change_no_figure(
    desk: Desk, hotline: Hotline, call: Call, receiver: Receiver, set_clock: SetClock
) -> None:
    await Owner(desk, UNIT).subscribe(receiver.url, "ticket.clock_missed", "ticket.clock_warned")
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    await set_clock("2026-11-20T09:30:00+08:00")
    await call()

    assert {kind for kind, _ in told(receiver)} == {"ticket.clock_warned", "ticket.clock_missed"}


async def test_a_unit_complained_of_hears_nothing_even_of_what_was_owed_before(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, receiver: Receiver
) -> None:
    made = await unit.subscribe(receiver.url, "*")
    first, second = [await make_ticket(hotline) for _ in range(2)]
    for no in (first, second):
        await desk.walk(no, until="dispatch")
    await call()
    heard = len(receiver.heard)
    await desk.act(UNIT, first, "accept", executor="李强")
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(
            text(
                "UPDATE tickets SET fold = jsonb_set(fold, '{object_unit}',"
                " to_jsonb(CAST(:unit AS text))), object_unit = :unit"
                " WHERE no = :no"
            ),
            unit=UNIT,
            no=first,
        )
    await call()

    assert len(receiver.heard) == heard
    assert await owed(hotline) == []
    seen = await unit.calls(made["id"])
    assert {one["no"] for one in seen} == {second}
    hidden = await unit.calls(made["id"], f"?no={first}")
    assert hidden == []


async def test_only_units_and_administrators_subscribe(desk: Desk, receiver: Receiver) -> None:
    body = {"url": receiver.url, "types": ["*"]}
    for who in ("desk", "leader", "bi"):
        for method, path, sent in (("POST", "", body), ("GET", "", None), ("GET", "/x", None)):
            answer = await Owner(desk, who).send(method, path, sent)
            assert answer.status_code == 403, (who, method, path)


async def test_another_units_subscription_is_as_unknown_as_none(
    unit: Owner, other: Owner, admin: Owner, receiver: Receiver
) -> None:
    made = await unit.subscribe(receiver.url, "*")
    calls = [
        ("GET", "", None),
        ("DELETE", "", None),
        ("POST", "/enable", None),
        ("POST", "/rotate-secret", None),
        ("GET", "/deliveries", None),
        ("POST", "/deliveries/1/replay", None),
    ]
    for method, path, body in calls:
        bodies = []
        for subscription in (made["id"], "nowhere"):
            answer = await other.send(method, f"/{subscription}{path}", body)
            assert answer.status_code == 404, (method, path)
            bodies.append({**answer.json(), "instance": None})
        assert bodies[0] == bodies[1]

    assert (await other.send("GET", "")).json()["items"] == []
    (own,) = (await unit.send("GET", "")).json()["items"]
    (seen,) = (await admin.send("GET", "")).json()["items"]
    assert own == seen
    assert own == {name: value for name, value in made.items() if name != "secret"}


async def test_the_secret_is_shown_once_and_kept_sealed(
    desk: Desk, hotline: Hotline, unit: Owner, receiver: Receiver
) -> None:
    body = {"url": receiver.url, "types": ["ticket.urged"]}
    first = await unit.send("POST", "", body, key="once")
    again = await unit.send("POST", "", body, key="once")

    secret = first.json()["secret"]
    assert (first.status_code, again.status_code) == (201, 409)
    assert again.json()["type"] == "/problems/conflict"
    shown = await unit.send("GET", f"/{first.json()['id']}")
    assert "secret" not in shown.json()
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        stored = await tx.rows(text("SELECT answer FROM idempotency_keys"))
        sealed = await tx.rows(text("SELECT sealed FROM subscription_secrets"))
    assert [row.answer for row in stored] == [None]
    assert secret.encode() not in bytes(sealed[0].sealed)
    assert len((await unit.send("GET", "")).json()["items"]) == 1


async def test_a_rotated_secret_signs_beside_the_old_one(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, receiver: Receiver
) -> None:
    made = await unit.subscribe(receiver.url, "*")
    rotated = (await unit.send("POST", f"/{made['id']}/rotate-secret")).json()["secret"]
    await desk.walk(await make_ticket(hotline), until="dispatch")
    await call()

    (heard,) = receiver.heard
    assert heard.is_signed_with(made["secret"])
    assert heard.is_signed_with(rotated)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"types": ["*"]}, "/url"),
        ({"url": "https://unit.example/"}, "/types"),
        ({"url": "https://unit.example/", "types": []}, "/types"),
        ({"url": "https://unit.example/", "types": ["ticket.nonsense"]}, "/types/0"),
        ({"url": "https://unit.example/", "types": ["ticket.urged", "x"]}, "/types/1"),
        ({"url": "https://unit.example/", "types": ["*", "ticket.urged"]}, "/types"),
        ({"url": "http://unit.example/", "types": ["*"]}, "/url"),
        ({"url": "https://10.0.0.5/", "types": ["*"]}, "/url"),
        ({"url": "https://[::ffff:192.168.0.1]/", "types": ["*"]}, "/url"),
        ({"url": "https://u@unit.example/", "types": ["*"]}, "/url"),
        ({"url": "https://unit.example/", "types": ["*"], "secret": "mine"}, "/secret"),
    ],
)
async def test_what_cannot_be_subscribed_is_refused_by_its_field(
    unit: Owner, body: dict[str, Any], pointer: str
) -> None:
    answer = await unit.send("POST", "", body)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_in_production_this_machine_is_no_address(
    production: Settings, keys: dict[str, str], desk: Desk
) -> None:
    async with served(create_app(production)) as client:
        owner = Owner(replace(desk, client=client), UNIT)
        urls = ("http://127.0.0.1:9/", "https://127.0.0.1/", "https://localhost/")
        answers = [await owner.send("POST", "", {"url": url, "types": ["*"]}) for url in urls]

    assert [answer.status_code for answer in answers] == [422, 422, 422]


async def test_an_ended_subscription_hears_nothing_more(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, receiver: Receiver
) -> None:
    made = await unit.subscribe(receiver.url, "*")
    no = await make_ticket(hotline)
    await desk.walk(no, until="dispatch")
    ended = await unit.send("DELETE", f"/{made['id']}")
    await desk.act(UNIT, no, "accept", executor="李强")
    await call()

    assert (ended.status_code, ended.json()) == (200, {"id": made["id"], "state": "ended"})
    assert (await unit.send("GET", f"/{made['id']}")).status_code == 404
    assert await owed(hotline) == []
    assert receiver.heard == []


async def test_there_is_an_end_to_how_many_one_unit_may_have(unit: Owner, other: Owner) -> None:
    for _ in range(20):
        await unit.subscribe("https://unit.example/", "ticket.urged")
    answer = await unit.send("POST", "", {"url": "https://unit.example/", "types": ["*"]})

    assert answer.status_code == 409
    assert (await other.subscribe("https://unit.example/", "*"))["state"] == "enabled"
