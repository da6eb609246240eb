"""What platforms push, from the signature to the ticket."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from shared.tickets import Hotline
from tests.factories import Desk, SetClock
from tests.platform import Platform

Drain = Callable[[], Awaitable[int]]
NOW = "2026-11-18T09:30:00+08:00"


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock(NOW)


async def ticket_of(desk: Desk, city: Platform, pushed: Any) -> dict[str, Any]:
    no = (await city.receipt(pushed))["ticket_no"]
    found: dict[str, Any] = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    return found


async def test_a_pushed_ticket_is_kept_applied_and_masked(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1", weather="rain")
    assert (pushed.status_code, pushed.json()["status"]) == (202, "accepted")
    assert (await city.receipt(pushed))["status"] == "pending"

    await drain()

    assert (await city.receipt(pushed))["status"] == "applied"
    ticket = await ticket_of(desk, city, pushed)
    assert ticket["state"] == "received"
    assert ticket["caller"] == {"name": "张先生", "phone": "138****5678"}
    assert "张建国" not in ticket["content"]
    assert "13812345678" not in ticket["content"]
    assert ticket["upstream"][0]["raw"] == {"weather": "rain"}
    assert ticket["clocks"]["complete"]["due"] == "2026-11-25T23:59:59+08:00"


async def test_the_log_the_deliveries_and_the_texts_never_name_the_caller(
    city: Platform, hotline: Hotline, drain: Drain
) -> None:
    await city.create("SH-1", remark="请打13812345678找张建国")
    await drain()

    async with hotline.database.transaction(1, writing=False) as tx:
        for table in ("ticket_events", "deliveries", "ticket_texts", "tickets", "facts"):
            rows = await tx.rows(text(f"SELECT row_to_json(x)::text AS line FROM {table} AS x"))
            for row in rows:
                assert "张建国" not in row.line, table
                assert "13812345678" not in row.line, table


async def test_the_same_bytes_again_are_a_duplicate_and_other_bytes_a_conflict(
    city: Platform,
) -> None:
    first = await city.create("SH-1")
    again = await city.push("ticket.urged", message_id="same", upstream_no="SH-1", text="催办")
    twice = await city.push("ticket.urged", message_id="same", upstream_no="SH-1", text="催办")
    other = await city.push("ticket.urged", message_id="same", upstream_no="SH-1", text="别的")

    assert first.status_code == 202
    assert (again.status_code, twice.status_code, other.status_code) == (202, 200, 409)
    assert twice.json() == {"receipt": again.json()["receipt"], "status": "duplicate"}
    assert other.json()["type"] == "/problems/conflict"


async def test_a_wrong_signature_and_an_unknown_source_answer_alike(
    city: Platform, secrets: dict[str, str], intake: AsyncClient
) -> None:
    forged = Platform(intake, "city-12345", secrets["district-platform"])
    unknown = Platform(intake, "nobody", secrets["city-12345"])
    answers = [await forged.create("SH-1"), await unknown.create("SH-1")]

    bodies = [{**one.json(), "instance": ""} for one in answers]
    assert [one.status_code for one in answers] == [401, 401]
    assert bodies[0] == bodies[1]
    assert bodies[0]["type"] == "/problems/bad-signature"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"nonsense", ""),
        (b'{"type":"ticket.created","timestamp":"2026-11-18T09:12:00+08:00","data":{}}', "/data/"),
        (b'{"type":"ticket.urged","timestamp":"2026-11-18T09:12:00","data":{}}', "/timestamp"),
        (b'{"type":"ticket.urged","timestamp":"2026-11-18T09:12:00+08:00","x":1}', "/x"),
    ],
)
async def test_nonsense_is_refused_by_field_and_kept_in_quarantine(
    city: Platform, intake: AsyncClient, keys: dict[str, str], body: bytes, pointer: str
) -> None:
    refused = await city.send(body, "bad")
    again = await city.send(body, "bad")

    assert (refused.status_code, again.status_code) == (422, 422)
    assert refused.json()["receipt"] == again.json()["receipt"]
    assert any(one["pointer"].startswith(pointer) for one in refused.json()["errors"])
    headers = {"Authorization": f"Bearer {keys['admin']}"}
    listed = (await intake.get("/v1/quarantine", headers=headers)).json()["items"]
    assert [one["receipt"] for one in listed] == [refused.json()["receipt"]]


async def test_a_quarantined_message_is_mended_and_goes_on_as_applied(
    city: Platform, intake: AsyncClient, keys: dict[str, str], drain: Drain
) -> None:
    refused = await city.create("SH-1", urgency="very")
    assert refused.status_code == 422
    receipt = refused.json()["receipt"]
    headers = {"Authorization": f"Bearer {keys['admin']}", "Idempotency-Key": "mend-1"}
    path = f"/v1/quarantine/{receipt}/redrive"

    worse = await intake.post(
        path, json={"data": {"urgency": "no"}}, headers={**headers, "Idempotency-Key": "mend-0"}
    )
    mended = await intake.post(path, json={"data": {"urgency": "urgent"}}, headers=headers)
    await drain()

    assert (worse.status_code, mended.status_code) == (422, 202)
    assert (await city.receipt(refused))["status"] == "applied"


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_updates_in_any_order_leave_the_newest_word_of_each_field(
    city: Platform, desk: Desk, drain: Drain, order: tuple[int, ...]
) -> None:
    words: dict[int, dict[str, Any]] = {
        1: {"urgency": "urgent", "street_name": "大宁路街道"},
        2: {"urgency": "sub_urgent", "title": "新标题"},
        3: {"title": "最新标题"},
    }
    pushed = await city.create("SH-1")
    for revision in order:
        await city.push("ticket.updated", upstream_no="SH-1", revision=revision, **words[revision])
        await drain()

    ticket = await ticket_of(desk, city, pushed)
    assert (ticket["urgency"], ticket["title"]) == ("sub_urgent", "最新标题")
    assert ticket["street"] == "大宁路街道"


async def test_an_update_before_its_ticket_waits_and_is_applied_with_it(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    early = await city.push("ticket.urged", upstream_no="SH-1", text="催办")
    await drain()
    assert (await city.receipt(early))["status"] == "waiting"

    pushed = await city.create("SH-1")
    await drain()

    assert (await city.receipt(early))["status"] == "applied"
    assert (await ticket_of(desk, city, pushed))["urged"] == 1


async def test_an_update_that_comes_before_its_ticket_in_the_same_batch_is_applied_too(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    early = [
        await city.push(
            "ticket.updated", upstream_no="SH-1", revision=revision, title=f"第{revision}稿"
        )
        for revision in (2, 1)
    ]
    pushed = await city.create("SH-1")
    await drain()

    assert [(await city.receipt(one))["status"] for one in early] == ["applied", "applied"]
    assert (await ticket_of(desk, city, pushed))["title"] == "第2稿"


@pytest.mark.parametrize("first", ["city", "district"])
async def test_the_same_matter_from_both_platforms_is_one_ticket(
    city: Platform, district: Platform, desk: Desk, drain: Drain, first: str
) -> None:
    pushes = {
        "city": lambda: city.create("SH-1", other_nos=["JA-9"]),
        "district": lambda: district.create("JA-9", upstream_due="2026-11-20T12:00:00+08:00"),
    }
    for name in (first, "district" if first == "city" else "city"):
        await pushes[name]()
        await drain()

    listed = (await desk.get("desk", "/v1/tickets")).json()["items"]
    assert len(listed) == 1
    numbers = {(one["source"], one["no"]) for one in listed[0]["upstream"]}
    assert numbers == {("city-12345", "SH-1"), ("district-platform", "JA-9")}
    assert listed[0]["clocks"]["complete"]["due"] == "2026-11-20T12:00:00+08:00"
    assert (await district.get("/v1/tickets/JA-9")).json()["no"] == listed[0]["no"]
    assert (await district.get("/v1/tickets/SH-1")).status_code == 404


async def test_the_platforms_word_links_repeats_to_the_root_even_when_it_comes_later(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    repeat = await city.create("SH-2", is_repeat=True, repeat_of="SH-1")
    await drain()
    assert (await ticket_of(desk, city, repeat))["repeat_of"] is None
    root = await city.create("SH-1")
    await drain()
    third = await city.create("SH-3", is_repeat=True, repeat_of="SH-2")
    await drain()

    known = [await ticket_of(desk, city, one) for one in (root, repeat, third)]
    assert [one["repeat_of"] for one in known] == [None, known[0]["no"], known[0]["no"]]
    assert len({one["matter"] for one in known}) == 1
    assert known[0]["matter"].startswith("M-")


async def test_a_rework_order_opens_the_next_round_and_both_numbers_lead_to_it(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await drain()
    no = (await city.receipt(pushed))["ticket_no"]
    await desk.walk(no, until="complete")
    await city.push("ticket.rework", at=NOW, upstream_no="SH-1-R", of="SH-1", reason="复核")
    await drain()

    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert (ticket["state"], ticket["round"]) == ("rework", 2)
    assert ticket["clocks"]["complete"]["due"] == "2026-11-23T23:59:59+08:00"
    assert (await city.get("/v1/tickets/SH-1-R")).json()["no"] == no


async def test_a_voided_ticket_takes_no_further_word(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await city.push("ticket.voided", at=NOW, upstream_no="SH-1", reason="撤单")
    late = await city.push("ticket.urged", at=NOW, upstream_no="SH-1", text="催办")
    await drain()

    assert (await ticket_of(desk, city, pushed))["state"] == "voided"
    assert (await city.receipt(late))["status"] == "ignored"


async def test_too_large_wrong_type_and_unknown_kinds_are_told_apart(
    city: Platform, intake: AsyncClient
) -> None:
    body = b'{"type":"weather.changed","timestamp":"2026-11-18T09:12:00+08:00","data":{}}'
    headers = {**city.headers(body), "content-type": "text/plain"}
    large = await city.send(b" " * 262_145)
    typed = await intake.post("/v1/webhooks/city-12345", content=body, headers=headers)
    unknown = await city.send(body)

    assert (large.status_code, typed.status_code, unknown.status_code) == (413, 415, 202)
    assert (await city.receipt(unknown))["status"] == "ignored"


async def test_another_platforms_receipt_is_not_found(city: Platform, district: Platform) -> None:
    pushed = await city.create("SH-1")
    receipt = pushed.json()["receipt"]
    assert (await district.get(f"/v1/receipts/{receipt}")).status_code == 404
