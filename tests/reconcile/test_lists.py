"""One list at a time: what differs, what only seems to, and what is refused."""

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from shared.tickets import Hotline
from tests.conftest import BUREAU
from tests.factories import Desk, SetClock
from tests.intake.conftest import Drain
from tests.platform import Platform
from tests.reconcile.lists import Line, found_in, list_body, post, reconcile

DAY = "2026-11-18"
RECEIVED = datetime.fromisoformat("2026-11-18T09:12:00+08:00")


# An entry of a type that is not known here yet, and one that follows from it alone.
NEWER = text(
    "INSERT INTO ticket_events (bureau_id, ticket_id, seq, type, schema_version, occurred_at,"
    " recorded_at, actor_role, actor_name, data, clocks)"
    " SELECT bureau_id, ticket_id, 1000, 'ticket.foreseen', 1, occurred_at, recorded_at,"
    " actor_role, actor_name, '{}', NULL FROM ticket_events WHERE seq = 1"
    " UNION ALL SELECT bureau_id, ticket_id, 1001, type, schema_version, occurred_at, recorded_at,"
    " actor_role, actor_name, data, clocks FROM ticket_events WHERE type = 'ticket.triaged'"
)


@pytest.fixture(autouse=True)
async def at_ten(set_clock: SetClock) -> None:
    await set_clock("2026-11-18T10:00:00+08:00")


async def take(city: Platform, drain: Drain, no: str, **changed: Any) -> str:
    pushed = await city.create(no, **changed)
    assert pushed.status_code == 202, pushed.text
    await drain()
    found: str = (await city.receipt(pushed))["ticket_no"]
    return found


async def test_each_side_hears_what_it_lacks_and_what_differs(city: Platform, drain: Drain) -> None:
    for no in ("SH-1", "SH-2", "SH-3", "SH-4"):
        await take(city, drain, no)
    late = RECEIVED + timedelta(seconds=1)
    lines = [
        Line("SH-1", RECEIVED + timedelta(milliseconds=900)),
        Line("SH-2", RECEIVED, "completed", late),
        Line("SH-3", late),
        Line("SH-9", RECEIVED),
    ]

    answer = await reconcile(city, DAY, lines)

    assert found_in(answer) == {
        "SH-2": "differs",
        "SH-3": "differs",
        "SH-4": "missing_there",
        "SH-9": "missing_here",
    }
    assert answer["counts"] == {
        "theirs": 4,
        "ours": 4,
        "same": 1,
        "missing_here": 1,
        "missing_there": 1,
        "held": 0,
        "differs": 2,
        "in_transit": 0,
        "fields": {"state": 1, "received_at": 1, "completed_at": 1},
    }
    fields = {one["upstream_no"]: one["fields"] for one in answer["differs"]}
    assert fields["SH-2"]["state"] == {"ours": "received", "theirs": "completed"}
    assert await reconcile(city, DAY, lines) == answer


async def test_what_is_held_is_told_with_its_receipt(city: Platform, drain: Drain) -> None:
    broken = await city.create("SH-1", urgency="at once")
    waiting = await city.push("ticket.updated", upstream_no="SH-2", title="改后的标题")
    await drain()
    pending = await city.create("SH-3")

    answer = await reconcile(city, DAY, [Line(f"SH-{n}", RECEIVED) for n in (1, 2, 3)])

    told = {one["upstream_no"]: (one["receipt"], one["status"]) for one in answer["held"]}
    assert broken.status_code == 422
    assert told == {
        "SH-1": (broken.json()["receipt"], "quarantined"),
        "SH-2": (waiting.json()["receipt"], "waiting"),
        "SH-3": (pending.json()["receipt"], "pending"),
    }
    assert answer["counts"]["missing_here"] == 0


async def test_further_numbers_are_compared_by_what_was_said_with_them(
    city: Platform, district: Platform, desk: Desk, drain: Drain
) -> None:
    no = await take(city, drain, "SH-1")
    later = "2026-11-18T09:40:00+08:00"
    await take(district, drain, "JA-1", other_nos=["SH-1"], received_at=later)
    await desk.walk(no, until="complete")
    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    await city.push("ticket.rework", upstream_no="SH-1R", of="SH-1", at="2026-11-18T10:00:00+08:00")
    await drain()
    state = (await city.get("/v1/tickets/SH-1R")).json()["state"]
    assert (state, ticket["state"]) == ("rework", "completed")

    ours = [Line("SH-1", RECEIVED, state), Line("SH-1R", RECEIVED, state)]
    assert found_in(await reconcile(city, DAY, ours)) == {}
    theirs = [Line("JA-1", datetime.fromisoformat(later), state)]
    assert found_in(await reconcile(district, DAY, theirs)) == {}
    assert found_in(await reconcile(district, DAY, [])) == {"JA-1": "missing_there"}
    assert found_in(await reconcile(city, DAY, ours[:1])) == {"SH-1R": "missing_there"}


async def test_a_rework_order_on_a_dead_ticket_was_received_all_the_same(
    city: Platform, drain: Drain
) -> None:
    await take(city, drain, "SH-1")
    await city.push("ticket.voided", upstream_no="SH-1", reason="重复登记")
    await drain()
    rework = await city.push("ticket.rework", upstream_no="SH-1R", of="SH-1")
    await drain()

    answer = await reconcile(city, DAY, [Line("SH-1R", RECEIVED, "rework")])

    assert found_in(answer) == {"SH-1R": "held"}  # and a number taken back need not be listed
    assert answer["held"][0]["receipt"] == rework.json()["receipt"]
    assert answer["held"][0]["status"] == "ignored"


async def test_a_merged_number_is_known_as_the_platform_sees_it(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    one, other = await take(city, drain, "SH-1"), await take(city, drain, "SH-2")
    for no in (one, other):
        await desk.walk(no, until="triage")
    merged = await desk.act("desk", other, "merge", into=one)
    assert merged.status_code == 200, merged.text
    view = (await city.get("/v1/tickets/SH-2")).json()
    assert view["state"] == "merged"

    lines = [Line("SH-1", RECEIVED, "triaged"), Line("SH-2", RECEIVED, "merged")]
    assert found_in(await reconcile(city, DAY, lines)) == {}


async def test_a_day_is_that_of_shanghai(city: Platform, drain: Drain) -> None:
    early, late = "2026-11-18T00:00:00+08:00", "2026-11-17T23:59:59+08:00"
    await take(city, drain, "SH-1", received_at=early)
    await take(city, drain, "SH-2", received_at=late)

    first = [Line("SH-2", datetime.fromisoformat("2026-11-17T15:59:59Z"))]
    second = [Line("SH-1", datetime.fromisoformat("2026-11-17T16:00:00Z"))]
    assert found_in(await reconcile(city, "2026-11-17", first)) == {}
    assert found_in(await reconcile(city, "2026-11-18", second)) == {}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_a_ticket_of_another_day_is_one_difference_and_not_two_missing(
    city: Platform, drain: Drain, keys: dict[str, str], order: tuple[int, int]
) -> None:
    await take(city, drain, "SH-1", received_at="2026-11-18T00:00:10+08:00")
    lists = [
        ("2026-11-17", [Line("SH-1", datetime.fromisoformat("2026-11-17T23:59:50+08:00"))]),
        ("2026-11-18", []),
    ]
    for at in order:
        await reconcile(city, *lists[at])

    headers = {"Authorization": f"Bearer {keys['desk']}"}
    listed = await city.client.get("/v1/reconciliation-cases?state=open", headers=headers)
    open_cases = [(one["kind"], one["fields"]) for one in listed.json()["items"]]
    assert open_cases == [("differs", ["received_at"])]
    assert found_in(await reconcile(city, *lists[1])) == {}


async def test_a_state_that_is_still_owed_to_the_platform_is_in_transit(
    city: Platform, desk: Desk, drain: Drain, hotline: Hotline
) -> None:
    body = orjson.dumps({"url": "http://127.0.0.1:9/never"})
    await city.client.put("/v1/callback", content=body, headers=city.headers(body))
    no = await take(city, drain, "SH-1")
    await desk.walk(no, until="accept")

    for stale in ("received", "triaged", "accepted"):
        answer = await reconcile(city, DAY, [Line("SH-1", RECEIVED, stale)])
        assert found_in(answer) == {}
        assert answer["counts"]["in_transit"] == (stale != "accepted")
    wrong = await reconcile(city, DAY, [Line("SH-1", RECEIVED, "archived")])
    assert found_in(wrong) == {"SH-1": "differs"}

    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(text("UPDATE deliveries SET parked_at = now() WHERE subscriber LIKE 'call%'"))
    given_up = await reconcile(city, DAY, [Line("SH-1", RECEIVED, "received")])
    assert found_in(given_up) == {"SH-1": "differs"}


async def test_what_a_newer_release_has_recorded_does_not_spoil_the_comparing_of_a_day(
    city: Platform, desk: Desk, drain: Drain, hotline: Hotline
) -> None:
    body = orjson.dumps({"url": "http://127.0.0.1:9/never"})
    await city.client.put("/v1/callback", content=body, headers=city.headers(body))
    for number in ("SH-1", "SH-2"):
        await desk.walk(await take(city, drain, number), until="dispose")
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(NEWER)

    answer = await reconcile(
        city, DAY, [Line("SH-1", RECEIVED, "dispatched"), Line("SH-2", RECEIVED, "archived")]
    )

    assert (found_in(answer), answer["counts"]["in_transit"]) == ({"SH-2": "differs"}, 1)


async def test_another_platforms_number_is_unknown_here(
    city: Platform, district: Platform, drain: Drain
) -> None:
    await take(city, drain, "SH-1")

    answer = await reconcile(district, DAY, [Line("SH-1", RECEIVED)])

    assert answer["missing_here"][0].keys() == {"upstream_no", "case"}
    assert found_in(answer) == {"SH-1": "missing_here"}


LINE = Line("SH-1", RECEIVED).said()


FAULTY: list[tuple[dict[str, Any], str]] = [
    ({"day": DAY, "tickets": [{**LINE, "state": "办结"}]}, "/tickets/0/state"),
    ({"day": DAY, "tickets": [LINE, {**LINE, "upstream_no": 7}]}, "/tickets/1/upstream_no"),
    ({"day": DAY, "tickets": [{**LINE, "received_at": "2026-11-18 09:12"}]},
         "/tickets/0/received_at"),
    ({"day": DAY, "tickets": [{**LINE, "completed_at": 1}]}, "/tickets/0/completed_at"),
    ({"day": DAY, "tickets": [{**LINE, "caller": "张三"}]}, "/tickets/0/caller"),
    ({"day": DAY, "tickets": [LINE, LINE]}, "/tickets/1/upstream_no"),
    ({"day": "2026-11-31", "tickets": []}, "/day"),
    ({"day": 20261118, "tickets": []}, "/day"),
    ({"day": DAY}, "/tickets"),
    ({"day": DAY, "tickets": [LINE], "source": "x"}, "/source"),
]  # fmt: skip


async def test_a_faulty_list_is_refused_by_its_place(city: Platform) -> None:
    for body, pointer in FAULTY:
        answer = await post(city, orjson.dumps(body))
        assert answer.status_code == 422
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]
        assert "张三" not in answer.text


async def test_a_list_is_signed_bounded_and_its_id_used_once(
    city: Platform, intake: AsyncClient, secrets: dict[str, str]
) -> None:
    nobody = Platform(intake, "nobody", secrets["city-12345"])
    forged = Platform(intake, "city-12345", secrets["district-platform"])
    answers = [await post(one, list_body(DAY, [])) for one in (nobody, forged)]
    assert [one.status_code for one in answers] == [401, 401]
    assert len({one.content.replace(one.json()["instance"].encode(), b"") for one in answers}) == 1

    huge = list_body(DAY, []) + b" " * (8 * 1024 * 1024)
    assert (await post(city, huge)).status_code == 413
    large = list_body(DAY, []) + b" " * 300_000
    assert (await post(city, large)).status_code == 200
    assert (await post(city, list_body(DAY, []), "list-again")).status_code == 200
    assert (await post(city, list_body(DAY, []), "list-again")).status_code == 200
    other = list_body(DAY, [Line("SH-1", RECEIVED)])
    assert (await post(city, other, "list-again")).json()["type"] == "/problems/conflict"
