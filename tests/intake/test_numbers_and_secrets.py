"""Numbers of any spelling can be asked for; secrets change over without a gap; originals stay."""

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from shared.identity.sources import rotate_source
from shared.tickets import Hotline
from shared.vault.originals import open_original
from tests.conftest import BUREAU
from tests.factories import Desk, SetClock
from tests.intake.conftest import Drain
from tests.platform import Platform

ODD = [
    "沪/2026/00731",
    "SH 12345 第１号",
    "100%/50%2F?",
    "a/../b",
    "//",
    "＃井号#与&和+加",
    "é",
    "e\u0301",
    "sh-1",
    "SH-1",
    "工单😀",
]
KEPT = text(
    "SELECT message_id, body, seal_key_id, digest, mended, mended_key_id, mended_by, mended_at,"
    " state FROM raw_messages"
    " WHERE message_id = CAST(:receipt AS uuid)"
)


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")


async def test_every_number_is_its_own_and_can_be_asked_for(city: Platform, drain: Drain) -> None:
    for number in ODD:
        assert (await city.create(number)).status_code == 202
    await drain()

    views = {}
    for number in ODD:
        answer = await city.get(f"/v1/tickets/{quote(number, safe='')}")
        assert answer.status_code == 200, number
        views[number] = answer.json()
    assert {number: view["upstream_no"] for number, view in views.items()} == dict(
        zip(ODD, ODD, strict=True)
    )
    assert len({view["no"] for view in views.values()}) == len(ODD)


async def test_slashes_need_not_be_encoded(city: Platform, drain: Drain) -> None:
    await city.create("JA/2026/1")
    await drain()

    assert (await city.get("/v1/tickets/JA/2026/1")).json()["upstream_no"] == "JA/2026/1"


@pytest.mark.parametrize("number", ["none", "a%00b", "%00", "a/b/", "%FF", "x" * 5000])
async def test_a_number_nobody_has_is_not_found(city: Platform, number: str) -> None:
    answer = await city.get(f"/v1/tickets/{number}")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


async def rotate(hotline: Hotline, grace: timedelta) -> str:
    async with hotline.database.transaction(BUREAU) as tx:
        return await rotate_source(
            tx.connection, BUREAU, "city-12345", keyring=hotline.keyring, grace=grace
        )


async def test_while_a_secret_is_changed_both_sign_and_no_third(
    city: Platform, intake: AsyncClient, hotline: Hotline
) -> None:
    second = Platform(intake, city.name, await rotate(hotline, timedelta(hours=1)))
    both = [await second.create("SH-1"), await city.create("SH-2")]
    third = Platform(intake, city.name, await rotate(hotline, timedelta(hours=1)))
    after = [await third.create("SH-3"), await second.create("SH-4"), await city.create("SH-5")]

    assert [one.status_code for one in both] == [202, 202]
    assert [one.status_code for one in after] == [202, 202, 401]


async def test_the_same_message_signed_anew_with_the_new_secret_is_a_duplicate(
    city: Platform, intake: AsyncClient, hotline: Hotline
) -> None:
    first = await city.push("ticket.urged", message_id="m-1", upstream_no="SH-1")
    new = Platform(intake, city.name, await rotate(hotline, timedelta(hours=1)))
    again = await new.push("ticket.urged", message_id="m-1", upstream_no="SH-1")

    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["receipt"] == again.json()["receipt"]


async def redrive(
    intake: AsyncClient, keys: dict[str, str], receipt: str, patch: dict[str, Any]
) -> Response:
    headers = {
        "Authorization": f"Bearer {keys['admin']}",
        "Idempotency-Key": hashlib.sha256(repr(patch).encode()).hexdigest(),
    }
    return await intake.post(f"/v1/quarantine/{receipt}/redrive", json=patch, headers=headers)


async def test_what_was_sent_stays_as_it_came_when_it_is_mended(
    city: Platform, intake: AsyncClient, keys: dict[str, str], hotline: Hotline, drain: Drain
) -> None:
    sent = (
        b'{"type":"ticket.created","timestamp":"2026-11-18T09:12:00+08:00", "data":{'
        b'"upstream_no":"SH-1","appeal_type":"complaint","urgency":"very","content":"x",'
        b'"is_anonymous":false,"is_confidential":false,"need_reply":true,'
        b'"received_at":"2026-11-18T09:12:00+08:00","grid":1180591620717411303424}}'
    )
    refused = await city.send(sent, "bad")
    receipt = refused.json()["receipt"]
    mended = await redrive(intake, keys, receipt, {"data": {"urgency": "urgent"}})
    await drain()
    again = await city.send(sent, "bad")
    twice = await redrive(intake, keys, receipt, {"data": {"urgency": "normal"}})

    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(KEPT, receipt=receipt)
    assert row is not None
    opening: Any = {"bureau": BUREAU, "keyring": hotline.keyring}
    kept = open_original(row.body, row.seal_key_id, row, **opening)
    mending = open_original(row.mended, row.mended_key_id, row, **opening)
    assert (kept, bytes(row.digest)) == (sent, hashlib.sha256(sent).digest())
    assert mending is not None
    assert b'"urgency": "urgent"' in mending
    assert b"1180591620717411303424" in mending
    assert b"SH-1" not in bytes(row.body) + bytes(row.mended)
    assert row.mended_by
    assert row.mended_at is not None
    assert (mended.status_code, row.state) == (202, "applied")
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    assert twice.status_code == 409


async def test_a_supervised_closed_ticket_is_archived_in_its_time(
    city: Platform, desk: Desk, drain: Drain, set_clock: SetClock
) -> None:
    pushed = await city.create("SH-1")
    await drain()
    no = (await city.receipt(pushed))["ticket_no"]
    await desk.walk(no)
    told = await city.push(
        "ticket.supervised", at="2026-11-18T09:29:00+08:00", upstream_no="SH-1", level=3
    )
    await drain()
    await set_clock("2027-01-18T09:30:00+08:00")

    ticket = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    assert (await city.receipt(told))["status"] == "applied"
    assert (ticket["state"], ticket["supervision_level"]) == ("archived", 3)
