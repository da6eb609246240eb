"""One word of a caller: for a purpose, on one's own open ticket, thirty times a day, on record."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import text

from shared.tickets import Hotline
from shared.vault.callers import Caller
from tests.audit.conftest import Entries
from tests.conftest import BUREAU
from tests.factories import CALLER, Desk, SetClock, make_called_ticket

LEAD, OTHER = "sanitation-section", "greening-section"
Viewers = Callable[[str], Awaitable[list[dict[str, Any]]]]
ASKED: Mapping[str, Any] = {"field": "phone", "reason_code": "contact_caller", "reason": "先行联系"}
KEPT = text(
    "SELECT status, answer FROM idempotency_keys WHERE bureau_id = :bureau"
    " AND idempotency_key = encode(sha256('reveal-once'), 'hex')"
)


@pytest.mark.parametrize("who", ["desk", LEAD, "chengfa-sanitation"])
@pytest.mark.parametrize(
    ("field", "value"),
    [("phone", CALLER.phone), ("name", CALLER.name), ("address", "静安区示例路100号旁")],
)
async def test_a_word_is_revealed_for_a_minute_and_on_record(  # noqa: PLR0917
    desk: Desk, hotline: Hotline, viewers: Viewers, who: str, field: str, value: str
) -> None:
    no = await make_called_ticket(hotline)
    ticket = await desk.walk(no, until="dispatch")
    body = {**ASKED, "field": field, "reason": "致电13800001234张建国"}
    answer = await desk.act(who, no, "reveal", **body)
    seen = (await viewers(no))[-1]

    assert answer.status_code == 200
    assert answer.json() == {"value": value, "expires_at": "2026-11-18T09:31:00+08:00"}
    assert answer.headers["cache-control"] == "no-store"
    assert (seen["kind"], seen["field"]) == ("caller.revealed", field)
    assert (seen["reason_code"], seen["reason"]) == ("contact_caller", "致电138****1234张先生")
    after = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert after["version"] == ticket["version"]


async def test_nothing_of_the_value_is_kept(desk: Desk, hotline: Hotline, entries: Entries) -> None:
    no = await make_called_ticket(hotline)
    once = {"Idempotency-Key": "reveal-once"}
    first = await desk.act("desk", no, "reveal", headers=once, **ASKED)
    again = await desk.act("desk", no, "reveal", headers=once, **ASKED)
    other = await desk.act("desk", no, "reveal", headers=once, **{**ASKED, "field": "name"})
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        kept = await tx.row(KEPT, bureau=BUREAU)

    assert first.status_code == 200
    assert (again.status_code, again.json()["type"]) == (409, "/problems/conflict")
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert kept is not None
    assert tuple(kept) == (200, None)
    assert len([one for one in await entries() if one.kind == "caller.revealed"]) == 1
    assert str(CALLER.phone) not in repr(await entries())


@pytest.mark.parametrize(
    ("caller", "field"),
    [
        (Caller(name="张建国"), "phone"),
        (Caller(phone="13800001234"), "name"),
        (Caller(address="静安区示例里弄7号302室"), "address"),
    ],
)
async def test_what_the_platform_did_not_tell_is_no_field_of_this_ticket(
    desk: Desk, hotline: Hotline, caller: Caller, field: str
) -> None:
    no = await make_called_ticket(hotline, caller, texts={"content": "夜间噪声"})
    answer = await desk.act("desk", no, "reveal", **{**ASKED, "field": field})

    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/field"]
    assert "302室" not in answer.text


async def test_a_name_withheld_stays_so(desk: Desk, hotline: Hotline) -> None:
    no = await make_called_ticket(hotline, is_anonymous=True)

    assert (await desk.act("desk", no, "reveal", **{**ASKED, "field": "name"})).status_code == 422
    assert (await desk.act("desk", no, "reveal", **ASKED)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": "id_no"},
        {"reason_code": "curiosity"},
        {"reason": ""},
        {"reason": None},
        {"why": "x"},
        {"at": "2026-11-18T09:31:00+08:00"},
    ],
)
async def test_a_purpose_is_needed(desk: Desk, hotline: Hotline, wrong: dict[str, Any]) -> None:
    no = await make_called_ticket(hotline)

    assert (await desk.act("desk", no, "reveal", **{**ASKED, **wrong})).status_code == 422


@pytest.mark.parametrize("who", ["leader", "admin", "bi"])
async def test_others_never_reveal(desk: Desk, hotline: Hotline, who: str) -> None:
    no = await make_called_ticket(hotline)

    assert (await desk.act(who, no, "reveal", **ASKED)).status_code == 403


async def test_foreign_closed_and_confidential_tickets_reveal_nothing(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_called_ticket(hotline)
    secret = await make_called_ticket(hotline, is_confidential=True)
    await desk.walk(no, until="complete")
    await desk.walk(secret, until="dispatch")

    for who in ("desk", LEAD):
        assert (await desk.act(who, no, "reveal", **ASKED)).status_code == 403
    assert (await desk.act(OTHER, no, "reveal", **ASKED)).status_code == 404
    assert (await desk.act(LEAD, secret, "reveal", **ASKED)).status_code == 403
    assert (await desk.act("desk", secret, "reveal", **ASKED)).status_code == 200


async def test_fifty_at_once_are_shown_exactly_thirty(
    desk: Desk, hotline: Hotline, entries: Entries
) -> None:
    no = await make_called_ticket(hotline)
    answers = await asyncio.gather(*(desk.act("desk", no, "reveal", **ASKED) for _ in range(50)))
    counts = {status: [one.status_code for one in answers].count(status) for status in (200, 429)}
    refused = next(one for one in answers if one.status_code == 429)

    assert counts == {200: 30, 429: 20}
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert len([one for one in await entries() if one.kind == "caller.revealed"]) == 30


async def test_the_quota_is_each_keys_own_and_begins_anew_at_midnight_in_the_city(
    desk: Desk, hotline: Hotline, set_clock: SetClock
) -> None:
    no = await make_called_ticket(hotline)
    await desk.walk(no, until="dispatch")
    for _ in range(30):
        assert (await desk.act("desk", no, "reveal", **ASKED)).status_code == 200

    assert (await desk.act("desk", no, "reveal", **ASKED)).status_code == 429
    assert (await desk.act(LEAD, no, "reveal", **ASKED)).status_code == 200
    await set_clock("2026-11-18T23:59:59+08:00")
    assert (await desk.act("desk", no, "reveal", **ASKED)).status_code == 429
    await set_clock("2026-11-19T00:00:00+08:00")
    assert (await desk.act("desk", no, "reveal", **ASKED)).status_code == 200
