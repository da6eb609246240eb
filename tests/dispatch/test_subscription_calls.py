"""Calls to units' systems: logged, replayed, postponed, and an endpoint that is given up."""

from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import text

from services.cli.worker import open_sender
from shared.outgoing import Answer, Letter
from shared.tickets import Hotline
from shared.worker.callbacks import drain_callbacks
from shared.worker.housekeeping import keep_house
from tests.conftest import BUREAU
from tests.dispatch.subscribing import STEPS, UNIT, Call, Owner, owed, told
from tests.factories import Desk, SetClock, make_ticket
from tests.intake.receiver import Receiver, receiving


async def test_what_was_sent_is_logged_with_every_try_and_found_by_filters_and_pages(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, set_clock: SetClock
) -> None:
    codes = iter([503])
    async with receiving(lambda _: next(codes, 200)) as receiver:
        made = await unit.subscribe(receiver.url, *STEPS)
        no = await make_ticket(hotline)
        await desk.walk(no, until="dispatch")
        await call()
        (waiting,) = await unit.calls(made["id"])
        await set_clock((await owed(hotline))[0].next_try_at)
        await call()
        await desk.act(UNIT, no, "accept", executor="李强")
        await call()

    assert (waiting["state"], waiting["settled_at"]) == ("waiting", None)
    assert waiting["next_try_at"] is not None
    accepted, dispatched = await unit.calls(made["id"])
    assert dispatched["payload"] == orjson.loads(receiver.heard[0].body)
    assert dispatched["webhook_id"] == receiver.heard[0].headers["webhook-id"]
    assert [one["status"] for one in dispatched["tries"]] == [503, 200]
    assert [one["state"] for one in (accepted, dispatched)] == ["delivered"] * 2
    assert (dispatched["no"], dispatched["next_try_at"]) == (no, None)
    typed = await unit.calls(made["id"], "?type=ticket.accepted&state=delivered")
    assert typed == [accepted]
    assert await unit.calls(made["id"], "?state=parked") == []
    first = (await unit.send("GET", f"/{made['id']}/deliveries?limit=1")).json()
    path = f"/{made['id']}/deliveries?limit=1&cursor={first['next_cursor']}"
    second = (await unit.send("GET", path)).json()
    assert first["items"] + second["items"] == [accepted, dispatched]
    assert second["next_cursor"] is None
    for query in ("state=odd", "colour=red", f"state=parked&cursor={first['next_cursor']}"):
        answer = await unit.send("GET", f"/{made['id']}/deliveries?{query}")
        assert answer.status_code == 422, query


async def test_a_replay_is_the_same_message_and_waits_for_nothing(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call
) -> None:
    codes = iter([200, 500])
    async with receiving(lambda _: next(codes, 200)) as receiver:
        made = await unit.subscribe(receiver.url, *STEPS)
        no = await make_ticket(hotline)
        await desk.walk(no, until="dispatch")
        await call()
        await desk.act(UNIT, no, "accept", executor="李强")
        await call()
        waiting, sent = await unit.calls(made["id"])
        path = f"/{made['id']}/deliveries/{sent['id']}/replay"
        answer = await unit.send("POST", path, key="again")
        repeated = await unit.send("POST", path, key="again")
        refused = await unit.send("POST", f"/{made['id']}/deliveries/{waiting['id']}/replay")
        await call()

    assert (answer.status_code, refused.status_code) == (200, 409)
    assert answer.json() == repeated.json()
    assert (answer.json()["replay_of"], answer.json()["state"]) == (sent["id"], "waiting")
    assert [kind for kind, _ in told(receiver)] == [
        "ticket.dispatched",
        "ticket.accepted",
        "ticket.dispatched",
    ]
    first, _, replayed = receiver.heard
    assert replayed.body == first.body
    assert replayed.headers["webhook-id"] == first.headers["webhook-id"]
    states = [(one["state"], one["replay_of"]) for one in await unit.calls(made["id"])]
    assert states == [("delivered", sent["id"]), ("waiting", None), ("delivered", None)]
    for unknown in ("0", "999999", "x", "9" * 30):
        path = f"/{made['id']}/deliveries/{unknown}/replay"
        assert (await unit.send("POST", path)).status_code == 404


async def test_a_parked_one_is_replayed_in_its_place_before_what_it_held_back(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, set_clock: SetClock
) -> None:
    is_well = False
    async with receiving(lambda _: 200 if is_well else 500) as receiver:
        made = await unit.subscribe(receiver.url, *STEPS)
        no = await make_ticket(hotline)
        await desk.walk(no, until="dispatch")
        await call()
        await desk.act(UNIT, no, "accept", executor="李强")
        while (first := (await owed(hotline))[0]).parked_at is None:
            await set_clock(first.next_try_at)
            await call()
        (parked,) = await unit.calls(made["id"], "?state=parked")
        is_well = True
        receiver.heard.clear()
        path = f"/{made['id']}/deliveries/{parked['id']}/replay"
        answer = await unit.send("POST", path)
        await call()

    assert (answer.json()["id"], answer.json()["state"]) == (parked["id"], "waiting")
    assert told(receiver) == [("ticket.dispatched", "dispatched"), ("ticket.accepted", "accepted")]
    assert len(parked["tries"]) == 10
    assert await owed(hotline) == []


async def test_an_endpoint_that_is_gone_is_disabled_told_of_and_enabled_in_order(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, set_clock: SetClock
) -> None:
    is_gone = True
    async with receiving(lambda _: 410 if is_gone else 200) as receiver:
        made = await unit.subscribe(receiver.url, *STEPS)
        no = await make_ticket(hotline)
        await desk.walk(no, until="dispatch")
        await call()
        await desk.act(UNIT, no, "accept", executor="李强")
        await set_clock("2026-11-19T09:30:00+08:00")
        await call()
        tried = len(receiver.heard)
        shown = (await unit.send("GET", f"/{made['id']}")).json()
        notices = (await desk.get(UNIT, "/v1/notices")).json()["items"]
        at_desk = (await desk.get("desk", "/v1/notices")).json()["items"]
        is_gone = False
        await call()
        enabled = (await unit.send("POST", f"/{made['id']}/enable")).json()
        await call()

    assert tried == 1
    assert (shown["state"], shown["disabled_because"], shown["waiting"]) == ("disabled", "gone", 2)
    (notice,) = [one for one in notices if one["kind"] == "receiver_disabled"]
    assert notice["label"] == "接收端已停用"
    assert notice["subject"] == f"subscription:{made['id']}"
    assert notice["to"] == {"kind": "unit", "id": UNIT}
    receivers = [one["to"]["id"] for one in at_desk if one["kind"] == "receiver_disabled"]
    assert sorted(receivers) == ["admin", "desk", UNIT]
    assert (enabled["state"], enabled["disabled_at"]) == ("enabled", None)
    assert [kind for kind, _ in told(receiver)] == [
        "ticket.dispatched",
        "ticket.dispatched",
        "ticket.accepted",
    ]
    assert await owed(hotline) == []


async def test_days_without_one_success_disable_it_and_one_success_begins_them_anew(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, set_clock: SetClock
) -> None:
    is_well = False
    async with receiving(lambda _: 200 if is_well else 500) as receiver:
        made = await unit.subscribe(receiver.url, "ticket.dispatched")

        async def dispatch_on(day: str) -> dict[str, Any]:
            await set_clock(f"2026-11-{day}T10:00:00+08:00")
            await desk.walk(await make_ticket(hotline), until="dispatch")
            await call()
            found: dict[str, Any] = (await unit.send("GET", f"/{made['id']}")).json()
            return found

        first = await dispatch_on("19")
        is_well = True
        well = await dispatch_on("21")
        is_well = False
        await dispatch_on("24")
        later = await dispatch_on("28")
        last = await dispatch_on("29")
        is_well = True
        receiver.heard.clear()
        await unit.send("POST", f"/{made['id']}/enable")
        await call()

    assert (first["state"], well["failing_since"]) == ("enabled", None)
    assert first["failing_since"] is not None
    assert later["state"] == "enabled"
    assert (last["state"], last["disabled_because"]) == ("disabled", "failing")
    assert len(receiver.heard) == last["waiting"] + last["parked"]
    assert await owed(hotline) == []


async def test_a_receiver_that_asks_for_time_is_given_it_and_loses_no_try(
    desk: Desk, hotline: Hotline, unit: Owner, set_clock: SetClock
) -> None:
    await unit.subscribe("https://unit.example/", *STEPS)
    await desk.walk(await make_ticket(hotline), until="dispatch")
    waits = []
    for asked in (120.0, 0.0, 1e9, *[60.0] * 18):
        (one,) = await owed(hotline)
        answer = Answer(429, retry_after=asked)

        async def busy(_: Letter, answer: Answer = answer) -> Answer:
            return answer

        async with open_sender(hotline) as sender:
            await drain_callbacks(hotline, BUREAU, replace(sender, post=busy))
        (later,) = await owed(hotline)
        async with hotline.database.transaction(BUREAU, writing=False) as tx:
            waits.append((later.next_try_at - tx.now).total_seconds())
        await set_clock(later.next_try_at)

    assert 120 <= waits[0] <= 132
    assert 1 <= waits[1] <= 1.1
    assert 86_400 <= waits[2] <= 95_040
    assert (one.attempts, one.deferrals) == (0, 20)
    assert (later.attempts, later.deferrals) == (1, 20)


async def test_settled_calls_are_thrown_away_in_time_and_owed_ones_kept(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, set_clock: SetClock
) -> None:
    codes = iter([200])
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving(lambda _: next(codes, 500)))
        made = await unit.subscribe(receiver.url, "*")
        no = await make_ticket(hotline)
        await desk.walk(no, until="dispatch")
        await call()
        await desk.act(UNIT, no, "accept", executor="李强")
        await call()
    seen = []
    for days in (29, 2):
        async with hotline.database.transaction(BUREAU, writing=False) as tx:
            then = tx.now + timedelta(days=days)
        await set_clock(then)
        async with hotline.ledger(BUREAU) as ledger:
            await keep_house(ledger.tx, callback_log_days=30)
        seen.append([one["state"] for one in await unit.calls(made["id"])])

    assert seen == [["waiting", "delivered"], ["waiting"]]


async def test_a_message_that_cannot_be_put_into_words_holds_up_no_other(
    desk: Desk, hotline: Hotline, unit: Owner, call: Call, receiver: Receiver
) -> None:
    await unit.subscribe(receiver.url, "*")
    bad, good = [await make_ticket(hotline) for _ in range(2)]
    for no in (bad, good):
        await desk.walk(no, until="dispatch")
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(
            text(
                "UPDATE deliveries SET seq = 0 WHERE subscriber LIKE 'subscription:%' AND"
                " stream_id = (SELECT ticket_id FROM tickets WHERE no = :no)"
            ),
            no=bad,
        )
    await call()

    assert [one.data["no"] for one in receiver.heard] == [good]
    assert [(one.attempts, one.parked_at) for one in await owed(hotline)] == [(1, None)]
