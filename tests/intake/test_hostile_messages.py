"""Whatever bytes a signed platform sends: an answer of the contract, kept, and nothing held up."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from shared.tickets import Hotline
from shared.vault.originals import open_original
from tests.conftest import BUREAU
from tests.factories import SetClock
from tests.intake.conftest import Drain
from tests.platform import CREATED, Platform

WHEN = "2026-11-18T09:12:00+08:00"
KEPT = text(
    "SELECT message_id, body, seal_key_id, state, mended IS NULL AS whole FROM raw_messages"
    " WHERE message_id = CAST(:receipt AS uuid)"
)
OWED = text("SELECT count(*) AS n FROM deliveries")


def created(**changed: Any) -> bytes:
    data = {**CREATED, "upstream_no": "SH-1", **changed}
    return orjson.dumps({"type": "ticket.created", "timestamp": WHEN, "data": data})


def updated(inside: str, at: str = WHEN) -> bytes:
    head = '{"type":"ticket.updated","timestamp":"' + at + '","data":{"upstream_no":"SH-0",'
    return (head + inside + "}}").encode()


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


ACCEPTED: Mapping[str, bytes] = {
    "number of 200 digits in an unknown field": updated('"x":' + "9" * 200),
    "negative zero and exponents": updated('"x":[-0.0,1E5,1e-300]'),
    "unknown field nested": updated('"x":' + nested(90)),
    "key twice, the last stands": updated('"urgency":"normal","urgency":"urgent"'),
    "the same revision as zero": updated('"revision":0,"urgency":"urgent"'),
    "the largest revision": updated('"revision":1000000000000000,"urgency":"urgent"'),
    "empty list of other numbers": updated('"other_nos":[]'),
    "its own number among the others": updated('"other_nos":["SH-0","SH-0"]'),
    "repeats itself": updated('"is_repeat":true,"repeat_of":"SH-0"'),
    "lower-case t and offset of minutes": updated(
        '"urgency":"urgent"', "2026-11-18t09:12:00+08:30"
    ),
    "microseconds and Z": updated('"urgency":"urgent"', "2026-11-18T01:12:00.123456Z"),
    "nothing but a number": updated('"x":1'),
    "emoji and private characters": updated('"title":"😀\ue000\u200b"'),
    "an escaped pair": updated('"title":"\\ud83d\\ude00"'),
    "everything unknown is null": updated('"x":null,"caller":null,"lng":null,"lat":null'),
    "an unknown key of blanks": updated('" ":1,"":2'),
    "keys of our own making": updated('"__proto__":{},"model_extra":1,"raw":"x","rank":1'),
}
REFUSED: Mapping[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "null": b"null",
    "a list": b"[]",
    "a string": b'"x"',
    "a number": b"1",
    "byte order mark": b"\xef\xbb\xbf" + updated('"x":1'),
    "utf-16": updated('"x":1').decode().encode("utf-16"),
    "gb18030": '{"type":"工单"}'.encode("gb18030"),
    "bytes that are no text": b'{"type":"\xff\xfe"}',
    "two documents": updated('"x":1') * 2,
    "trailing comma": updated('"x":1,'),
    "comments": b"/* x */" + updated('"x":1'),
    "single quotes": b"{'type':'ticket.created'}",
    "NaN": updated('"lng":NaN'),
    "infinity": updated('"lng":1e999'),
    "unknown infinity": updated('"x":1e999'),
    "number of 5000 digits": updated('"x":' + "9" * 5000),
    "nested beyond sense": updated('"x":' + nested(1000)),
    "nested past every parser": b"[" * 200_000,
    "nested with a NUL": updated('"x":' + nested(900)[:900] + '"\\u0000"' + "]" * 900),
    "NUL": updated('"title":"a\\u0000b"'),
    "NUL in an unknown key": updated('"a\\u0000":1'),
    "NUL deep inside": updated('"x":[[{"y":["\\u0000"]}]]'),
    "raw NUL": updated('"title":"a\0b"'),
    "half a surrogate": updated('"title":"\\ud800"'),
    "half a surrogate in an unknown field": updated('"x":"\\udfff"'),
    "half a surrogate in a key": updated('"\\udfff":1'),
    "surrogate in bytes": updated('"x":"').replace(b'"x":"', b'"x":"\xed\xa0\x80"'),
    "type as number": b'{"type":1,"timestamp":"' + WHEN.encode() + b'","data":{}}',
    "type as list": b'{"type":["ticket.created"],"timestamp":"' + WHEN.encode() + b'","data":{}}',
    "type empty": b'{"type":"","timestamp":"' + WHEN.encode() + b'","data":{}}',
    "type endless": b'{"type":"' + b"x" * 5000 + b'"}',
    "no data": b'{"type":"ticket.urged","timestamp":"' + WHEN.encode() + b'"}',
    "data null": b'{"type":"ticket.urged","timestamp":"' + WHEN.encode() + b'","data":null}',
    "data a list": b'{"type":"ticket.urged","timestamp":"' + WHEN.encode() + b'","data":[]}',
    "field beside": b'{"type":"ticket.urged","timestamp":"x","data":{},"id":1}',
    "time without offset": updated('"x":1', "2026-11-18T09:12:00"),
    "time in seconds": updated('"x":1').replace(b'"' + WHEN.encode() + b'"', b"1763428320"),
    "time in words": updated('"x":1', "1763428320"),
    "year 9999": updated('"x":1', "9999-12-31T23:59:59+08:00"),
    "year 9999 at the edge": updated('"x":1', "9999-12-31T23:59:59-12:00"),
    "year 0001": updated('"x":1', "0001-01-01T00:00:00+14:00"),
    "30 February": updated('"x":1', "2026-02-30T00:00:00+08:00"),
    "a leap second": updated('"x":1', "2026-06-30T23:59:60Z"),
    "24 o'clock": updated('"x":1', "2026-06-30T24:00:00Z"),
    "an offset of 25 hours": updated('"x":1', "2026-06-30T23:00:00+25:00"),
    "a full-width time": updated('"x":1', "２０２６-11-18T09:12:00+08:00"),
    "due without offset": updated('"upstream_due":"2026-11-20T12:00:00"'),
    "due in 9999": updated('"upstream_due":"9999-12-31T00:00:00+08:00"'),
    "revision as float": updated('"revision":1.0'),
    "revision negative": updated('"revision":-1'),
    "revision huge": updated('"revision":1000000000000001'),
    "revision beyond 64 bits": updated('"revision":99999999999999999999999'),
    "revision as text": updated('"revision":"3"'),
    "revision as truth": updated('"revision":true'),
    "truth as number": updated('"need_reply":1'),
    "truth as text": updated('"need_reply":"true"'),
    "longitude as text": updated('"lng":"121.4"'),
    "longitude off the earth": updated('"lng":181'),
    "number as list": updated('"title":["x"]'),
    "text of 5000": updated('"content":"' + "长" * 5000 + '"'),
    "number of blanks": updated('"x":1').replace(b"SH-0", b"  "),
    "number as number": updated('"x":1').replace(b'"SH-0"', b"12345"),
    "number of 101": updated('"x":1').replace(b"SH-0", b"x" * 101),
    "21 other numbers": updated('"other_nos":' + orjson.dumps(["n"] * 21).decode()),
    "other numbers as text": updated('"other_nos":"SH-2"'),
    "caller as text": updated('"caller":"张建国"'),
    "a phone as number": updated('"caller":{"phone":13812345678}'),
    "an unknown urgency": updated('"urgency":"URGENT"'),
    "created without content": created(content=None),
    "created tomorrow": created(received_at="2026-11-19T09:12:00+08:00"),
    "created in 1999": created(received_at="1999-11-19T09:12:00+08:00"),
}


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")


async def settled(hotline: Hotline, receipt: str) -> tuple[bytes, str, int]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(KEPT, receipt=receipt)
        owed = await tx.row(OWED)
    assert row is not None
    assert owed is not None
    assert row.whole
    opened = open_original(row.body, row.seal_key_id, row, bureau=BUREAU, keyring=hotline.keyring)
    assert opened is not None
    return opened, row.state, owed.n


def is_refusal(status: int, problem: dict[str, Any]) -> bool:
    """As the contract says: the fault by its field, in Chinese, and a receipt."""
    said = [one["message"] for one in problem.get("errors", ())]
    in_chinese = bool(said) and not any(one.isascii() for one in said)
    return status == 422 and problem["type"] == "/problems/invalid" and in_chinese


@pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())
async def test_odd_but_acceptable_messages_are_applied(
    city: Platform, hotline: Hotline, drain: Drain, body: bytes
) -> None:
    await city.create("SH-0")
    answer = await city.send(body, "odd")
    again = await city.send(body, "odd")
    await drain()

    assert answer.status_code == 202, answer.text
    assert (again.status_code, again.json()["receipt"]) == (200, answer.json()["receipt"])
    assert await settled(hotline, answer.json()["receipt"]) == (body, "applied", 0)
    assert (await city.get("/v1/tickets/SH-0")).status_code == 200


async def test_nonsense_of_every_kind_is_refused_kept_and_listed(
    city: Platform, intake: AsyncClient, keys: dict[str, str], hotline: Hotline, drain: Drain
) -> None:
    await city.create("SH-0")
    answers = {name: await city.send(body) for name, body in REFUSED.items()}
    told = {name: (answer.status_code, answer.json()) for name, answer in answers.items()}
    wrong = {name: one for name, one in told.items() if not is_refusal(*one)}
    assert wrong == {}
    receipts = {name: problem["receipt"] for name, (_, problem) in told.items()}
    await drain()

    for name, receipt in receipts.items():
        assert await settled(hotline, receipt) == (REFUSED[name], "quarantined", 0), name
    headers = {"Authorization": f"Bearer {keys['admin']}"}
    listed = await intake.get("/v1/quarantine?limit=500", headers=headers)
    assert listed.status_code == 200
    assert {one["receipt"] for one in listed.json()["items"]} == {*receipts.values()}


@pytest.mark.parametrize("name", ["nested beyond sense", "number of 5000 digits", "empty", "NUL"])
async def test_nonsense_can_be_told_anew(
    city: Platform, intake: AsyncClient, keys: dict[str, str], drain: Drain, name: str
) -> None:
    refused = await city.send(REFUSED[name])
    patch = {
        "type": "ticket.created",
        "timestamp": WHEN,
        "data": {**CREATED, "upstream_no": "SH-1", "title": "新", "x": None, "a\0": None},
    }
    headers = {"Authorization": f"Bearer {keys['admin']}"}
    path = f"/v1/quarantine/{refused.json()['receipt']}/redrive"
    mended = await intake.post(path, json=patch, headers=headers)
    await drain()

    assert mended.status_code == 202, mended.text
    assert (await city.receipt(refused))["status"] == "applied"


async def test_a_mend_nested_beyond_sense_is_refused(
    city: Platform, intake: AsyncClient, keys: dict[str, str]
) -> None:
    refused = await city.send(b"nonsense")
    path = f"/v1/quarantine/{refused.json()['receipt']}/redrive"
    headers = {"Authorization": f"Bearer {keys['admin']}", "Idempotency-Key": "mend"}
    body = '{"data":' + '{"x":' * 1000 + "1" + "}" * 1001
    answer = await intake.post(path, content=body.encode(), headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")


HEADERS: Mapping[str, Mapping[str, bytes]] = {
    "no id": {"webhook-id": b""},
    "an id with blanks": {"webhook-id": b"a b"},
    "an id of other letters": {"webhook-id": b"\xe6\xb6\x88"},
    "an endless id": {"webhook-id": b"x" * 256},
    "a time in words": {"webhook-timestamp": b"now"},
    "a time with a sign": {"webhook-timestamp": b"+1763428320"},
    "a time in other digits": {"webhook-timestamp": b"\xb9\xb2"},
    "an old time": {"webhook-timestamp": b"1000000000"},
    "no signature": {"webhook-signature": b""},
    "a signature of bytes": {"webhook-signature": b"v1,\xff\xfe"},
    "a signature without version": {"webhook-signature": b"abc"},
    "endless signatures": {"webhook-signature": b"v1,AAAA " * 500},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS.keys())
async def test_odd_headers_are_a_bad_signature_and_leave_nothing(
    city: Platform, hotline: Hotline, headers: Mapping[str, bytes]
) -> None:
    body = updated('"x":1')
    sent = {name: value.encode() for name, value in city.headers(body).items()} | dict(headers)
    pairs = [(name.encode(), value) for name, value in sent.items()]
    answer = await city.client.post(f"/v1/webhooks/{city.name}", content=body, headers=pairs)

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-signature")
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        assert await tx.rows(text("SELECT message_id FROM raw_messages")) == []


@pytest.mark.parametrize("source", ["nobody", "city-12345%00", "a%2Fb", "%FF", "x" * 3000])
async def test_sources_nobody_registered_are_a_bad_signature(city: Platform, source: str) -> None:
    body = updated('"x":1')
    answer = await city.client.post(
        f"/v1/webhooks/{source}", content=body, headers=city.headers(body)
    )

    assert answer.status_code in (401, 404), answer.text
