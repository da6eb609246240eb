"""Pushes signed by somebody else, for somebody else, too early, too late, or not at all."""

import time

import orjson

from shared.tickets import Hotline
from tests.authorisation.callers import FOREIGN_CITY
from tests.hostile.sending import is_problem
from tests.platform import CREATED, Platform

WHEN = "2026-11-18T09:12:00+08:00"
BODY = orjson.dumps(
    {"type": "ticket.created", "timestamp": WHEN, "data": {**CREATED, "upstream_no": "SH-1"}}
)
PATH = "/v1/webhooks/city-12345"


def signed(city: Platform, *, at: int = 0, message_id: str = "m-1") -> dict[str, str]:
    timestamp = str(int(time.time()) + at)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": city.sign(message_id, timestamp, BODY),
        "content-type": "application/json",
    }


async def is_refused(
    city: Platform, path: str, headers: dict[str, str], body: bytes = BODY
) -> bool:
    answer = await city.client.post(path, content=body, headers=headers)
    return is_problem(answer, 401, "bad-signature")


async def test_timestamp_edges_of_five_minutes_of_real_time(city: Platform) -> None:
    for at in (-310, 301, 86_400, -(10**9)):
        assert await is_refused(city, PATH, signed(city, at=at)), at
    for odd in ("", "+1", "-1", "1e9", " 1", "٣", "9" * 13, "0", "1763428320.5", "0" * 12):
        headers = {**signed(city), "webhook-timestamp": odd}
        headers["webhook-signature"] = city.sign("m-1", odd, BODY)
        headers_raw = [(k.encode(), v.encode()) for k, v in headers.items()]
        answer = await city.client.post(PATH, content=BODY, headers=headers_raw)
        assert is_problem(answer, 401, "bad-signature"), odd
    for edge in (-290, 290):
        answer = await city.client.post(PATH, content=BODY, headers=signed(city, at=edge))
        assert answer.status_code in (200, 202)


async def test_signatures_of_which_none_is_ours_are_none(city: Platform) -> None:
    good = signed(city)["webhook-signature"]
    wrong = "v1," + "A" * 43 + "="
    for given in (
        "",
        wrong,
        " ".join([wrong] * 500),
        good.replace("v1,", "v1a,"),
        good.replace("v1,", "v2,"),
        good.replace("v1,", ""),
        good.replace("v1,", "V1,"),
        good.rstrip("="),
        good + "=",
        good.replace(",", ", "),
        good + "," + good,
        good.lower(),
        "v1," + "é" * 10,
    ):
        headers = {**signed(city), "webhook-signature": given}
        headers_raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
        answer = await city.client.post(PATH, content=BODY, headers=headers_raw)
        assert is_problem(answer, 401, "bad-signature"), given[:60]


async def test_signatures_among_which_one_is_ours_are_enough(city: Platform) -> None:
    """A platform that changes its secret signs with both."""
    wrong = "v1," + "A" * 43 + "="
    headers = signed(city)
    headers["webhook-signature"] = f"{wrong} v1a,x {headers['webhook-signature']} {wrong}"

    answer = await city.client.post(PATH, content=BODY, headers=headers)

    assert answer.status_code == 202


async def test_replay_under_another_source_another_id_or_another_body_is_refused(
    city: Platform, district: Platform
) -> None:
    headers = signed(city)
    first = await city.client.post(PATH, content=BODY, headers=headers)
    assert first.status_code == 202

    assert await is_refused(city, "/v1/webhooks/district-platform", headers)
    assert await is_refused(city, PATH, {**headers, "webhook-id": "m-2"})
    assert await is_refused(city, PATH, headers, BODY.replace(b"SH-1", b"SH-2"))
    assert await is_refused(city, PATH, headers, BODY + b" ")
    assert await is_refused(district, PATH, signed(district))
    again = await city.client.post(PATH, content=BODY, headers=headers)
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")


async def test_moving_the_dots_between_id_time_and_body_gains_nothing(city: Platform) -> None:
    """`id.time.body` is signed as one text: what is left and right of a dot must stay there."""
    timestamp = str(int(time.time()))
    signature = city.sign(f"m-1.{timestamp}", timestamp, BODY)
    shifted = {"webhook-id": "m-1", "webhook-timestamp": timestamp, "webhook-signature": signature}
    moved = await city.client.post(PATH, content=f"{timestamp}.".encode() + BODY, headers=shifted)

    assert is_problem(moved, 422, "invalid")  # kept as what it is: no message
    for message_id in ("", "a b", "é", "x" * 256, "a\tb"):
        headers = {**signed(city), "webhook-id": message_id}
        headers["webhook-signature"] = city.sign(message_id, headers["webhook-timestamp"], BODY)
        headers_raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
        answer = await city.client.post(PATH, content=BODY, headers=headers_raw)
        assert is_problem(answer, 401, "bad-signature"), message_id


async def test_foreign_source_and_unknown_source_answer_in_the_same_bytes(
    city: Platform, hotline: Hotline
) -> None:
    """Whether a platform is known here is nobody's business."""
    known = await city.client.post("/v1/webhooks/district-platform", content=BODY)
    for name in (FOREIGN_CITY, "nobody", "..", "%00", "city-12345%20", "x" * 5_000):
        unknown = await city.client.post(f"/v1/webhooks/{name}", content=BODY)
        if unknown.status_code == 404:  # an address that can name nothing
            continue
        told = [{**one.json(), "instance": ""} for one in (known, unknown)]
        assert told[0] == told[1], name


async def test_secret_of_a_source_is_no_api_key_and_a_key_no_signature(
    city: Platform, keys: dict[str, str]
) -> None:
    as_key = await city.client.get(
        "/v1/quarantine", headers={"Authorization": f"Bearer {city.secret}"}
    )
    as_signature = await city.client.post(
        PATH, content=BODY, headers={"Authorization": f"Bearer {keys['admin']}"}
    )

    assert is_problem(as_key, 401, "unauthenticated")
    assert is_problem(as_signature, 401, "bad-signature")
