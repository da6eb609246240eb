"""Bodies that are too large, too deep, ambiguous, or no text at all."""

import gzip
import zlib
from collections.abc import Iterator, Mapping

import orjson

from shared.tickets import Hotline
from tests.factories import BODIES, Desk, make_ticket
from tests.hostile.sending import in_pieces, is_problem, post
from tests.platform import Platform

MEGABYTE = b"x" * 1_048_576
TRIAGE = orjson.dumps(BODIES["triage"])
CODINGS = (
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("br", gzip.compress),
    ("gzip, gzip", gzip.compress),
    ("identity, gzip", gzip.compress),
)


def endless(sent: list[int], *, most: int = 64) -> Iterator[bytes]:
    """A megabyte at a time; `sent` counts what was taken."""
    for _ in range(most):
        sent.append(1)
        yield MEGABYTE


async def test_size_a_body_without_a_length_is_given_up_as_soon_as_it_is_too_large(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    sent: list[int] = []

    answer = await post(desk, "desk", f"/v1/tickets/{no}/triage", in_pieces(endless(sent)))

    assert is_problem(answer, 413, "too-large")
    assert len(sent) < 64


async def test_size_a_declared_length_is_believed_only_where_it_refuses(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    path = f"/v1/tickets/{no}/triage"

    claimed = await post(desk, "desk", path, TRIAGE, headers={"Content-Length": "99999999999"})
    belittled = await post(
        desk, "desk", path, in_pieces([MEGABYTE]), headers={"Content-Length": "7"}
    )
    odd = await desk.client.post(
        path,
        content=in_pieces([MEGABYTE]),
        headers=[
            (b"authorization", f"Bearer {desk.keys['desk']}".encode()),
            (b"content-length", "²".encode("latin-1")),
        ],
    )

    assert is_problem(claimed, 413, "too-large")
    assert is_problem(belittled, 413, "too-large")
    assert is_problem(odd, 413, "too-large")


async def test_size_of_a_push_is_checked_before_its_signature(city: Platform) -> None:
    answer = await city.client.post("/v1/webhooks/city-12345", content=b"x" * 262_145)
    largest = await city.client.post("/v1/webhooks/city-12345", content=b"x" * 262_144)

    assert is_problem(answer, 413, "too-large")
    assert is_problem(largest, 401, "bad-signature")


async def test_compression_a_packed_body_is_never_unpacked(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    bombs = {pack: pack(b" " * 50_000_000 + TRIAGE) for pack in (gzip.compress, zlib.compress)}
    assert max(len(bomb) for bomb in bombs.values()) < 262_144

    for coding, pack in CODINGS:
        for body in (bombs[pack], pack(TRIAGE)):
            headers = {"Content-Encoding": coding}
            answer = await post(desk, "desk", f"/v1/tickets/{no}/triage", body, headers=headers)
            assert is_problem(answer, 415, "unsupported-media-type"), (coding, answer.text)


async def test_compression_a_packed_push_is_refused_and_nothing_kept(city: Platform) -> None:
    body = gzip.compress(b'{"type":"ticket.created"}' + b" " * 10_000_000)
    headers = {**city.headers(body), "content-encoding": "gzip"}

    answer = await city.client.post("/v1/webhooks/city-12345", content=body, headers=headers)

    assert is_problem(answer, 415, "unsupported-media-type")


NESTED: Mapping[str, bytes] = {
    "lists": b"[" * 100_000,
    "lists closed": b"[" * 5_000 + b"]" * 5_000,
    "objects": b'{"a":' * 40_000,
    "objects closed": b'{"a":' * 1_020 + b"1" + b"}" * 1_020,
    "inside a known field": b'{"trade":' + b"[" * 1_000 + b"]" * 1_000 + b"}",
}


async def test_depth_nesting_is_refused_without_falling_over(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)

    for name, body in NESTED.items():
        answer = await post(desk, "desk", f"/v1/tickets/{no}/triage", body)
        assert is_problem(answer, 422, "invalid"), name


async def test_width_of_a_hundred_faults_and_more_only_the_first_are_named(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    body = orjson.dumps({f"field{n}": n for n in range(10_000)})

    answer = await post(desk, "desk", f"/v1/tickets/{no}/triage", body)

    assert is_problem(answer, 422, "invalid")
    assert len(answer.json()["errors"]) <= 100
    assert len(answer.content) < 20_000


async def test_echo_a_field_name_of_a_hundred_thousand_letters_is_not_sent_back(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)

    answer = await post(desk, "desk", f"/v1/tickets/{no}/triage", b'{"' + b"f" * 100_000 + b'":1}')

    assert is_problem(answer, 422, "invalid")
    assert len(answer.content) < 2_000


async def test_twice_named_the_ticket_checked_is_the_ticket_merged_into(
    desk: Desk, hotline: Hotline
) -> None:
    """A reader that takes the first of two equal names and one that takes the last could differ."""
    no, first, last = [await make_ticket(hotline) for _ in range(3)]
    for one in (no, first, last):
        await desk.act("desk", one, "triage", **BODIES["triage"])
    body = f'{{"into":"{first}","into":"{last}"}}'.encode()

    answer = await post(desk, "desk", f"/v1/tickets/{no}/merge", body)

    assert is_problem(answer, 422, "invalid")
    assert answer.json()["errors"] == [{"pointer": "/into", "message": "同一字段写了两次"}]
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["merged_into"] is None


NO_TEXT: Mapping[str, bytes] = {
    "NUL escaped": b'{"trade":"sanitation","category":"S-05\\u0000"}',
    "NUL in a name": b'{"trade\\u0000":"sanitation","category":"S-05"}',
    "NUL raw": b'{"trade":"sanitation","category":"S-05\0"}',
    "lone surrogate": b'{"trade":"sanitation","category":"\\ud800"}',
    "lone surrogate in a name": b'{"\\udfff":1}',
    "surrogate in bytes": b'{"trade":"\xed\xa0\x80"}',
    "overlong slash": b'{"trade":"\xc0\xaf"}',
    "overlong NUL": b'{"trade":"\xc0\x80"}',
    "five bytes": b'{"trade":"\xf8\x88\x80\x80\x80"}',
    "beyond Unicode": b'{"trade":"\xf4\x90\x80\x80"}',
    "cut short": b'{"trade":"\xe5\xb7"}',
    "byte order mark": b"\xef\xbb\xbf" + TRIAGE,
    "utf-16": TRIAGE.decode().encode("utf-16"),
    "utf-32": TRIAGE.decode().encode("utf-32"),
    "gb18030": '{"trade":"环卫"}'.encode("gb18030"),
    "utf-7": b"+AHsAfQ-",
    "NaN": b'{"trade":NaN}',
    "infinity": b'{"trade":Infinity,"category":-Infinity}',
    "larger than any number": b'{"trade":1e999}',
    "number without end": b'{"trade":' + b"9" * 200_000 + b"}",
    "hexadecimal": b'{"trade":0x10}',
    "comment": b"{/**/}",
    "two documents": TRIAGE + TRIAGE,
    "a name twice, one escaped": b'{"trade":"sanitation","tr\\u0061de":"greening"}',
}


async def test_encoding_what_is_no_json_text_is_refused(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)

    for name, body in NO_TEXT.items():
        answer = await post(desk, "desk", f"/v1/tickets/{no}/triage", body)
        assert is_problem(answer, 422, "invalid"), (name, answer.text)
    assert (await desk.get("desk", f"/v1/tickets/{no}")).json()["state"] == "received"


async def test_encoding_a_nul_in_a_text_is_refused_wherever_it_stands(
    desk: Desk, hotline: Hotline
) -> None:
    """Postgres keeps none: what is let through here ends as a fault of ours."""
    no = await make_ticket(hotline)
    visit = {"findings": "现场有满溢", "participants": ["李工", "王\0站长"]}

    for action, body in {"urge": {"text": "请尽快\0"}, "site-visit": visit}.items():
        answer = await post(desk, "desk", f"/v1/tickets/{no}/{action}", orjson.dumps(body))
        assert is_problem(answer, 422, "invalid"), (action, answer.text)


TYPES = [
    "text/plain",
    "text/plain; application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json, text/html",
    "application/jsonp",
    "application/json+xml",
    "application/json\\",
    "text/json",
    "application/json; charset=gbk",
    "application/json; charset=utf-16",
    'application/json; charset="utf-7"',
    "",
    "*/*",
]


async def test_content_type_what_does_not_claim_to_be_utf8_json_is_refused(
    desk: Desk, hotline: Hotline
) -> None:
    """What a page of somebody else's may send without being asked is among them."""
    no = await make_ticket(hotline)

    for kind in TYPES:
        headers = {"Content-Type": kind}
        answer = await post(desk, "desk", f"/v1/tickets/{no}/triage", TRIAGE, headers=headers)
        assert is_problem(answer, 415, "unsupported-media-type"), kind


async def test_content_type_twice_is_no_way_round(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)
    headers = [
        ("Authorization", f"Bearer {desk.keys['desk']}"),
        ("Idempotency-Key", "twice"),
        ("Content-Type", "text/plain"),
        ("Content-Type", "application/json"),
    ]

    answer = await desk.client.post(f"/v1/tickets/{no}/triage", content=TRIAGE, headers=headers)

    assert is_problem(answer, 415, "unsupported-media-type")


SERVERS_OWN = {
    "state": "archived",
    "version": 99,
    "no": "T20261118-000001",
    "bureau_id": 2,
    "actor": "局领导",
    "unit": "greening-section",
    "recorded_at": "2026-01-01T00:00:00+08:00",
    "supervision_level": 0,
    "__class__": "Ticket",
    "model_config": {"extra": "allow"},
}


async def test_mass_assignment_a_field_of_the_servers_own_is_refused(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)

    for name, value in SERVERS_OWN.items():
        body = orjson.dumps({**BODIES["triage"], name: value})
        answer = await post(desk, "desk", f"/v1/tickets/{no}/triage", body)
        assert is_problem(answer, 422, "invalid")
        assert answer.json()["errors"] == [{"pointer": f"/{name}", "message": "不认识的字段"}]
