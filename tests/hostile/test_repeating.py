"""Idempotency keys and versions of somebody else's, or of a shape that no client would send."""

import asyncio
from typing import Any

from httpx import Response

from shared.tickets import Hotline
from tests.factories import BODIES, Desk, make_ticket
from tests.hostile.sending import is_problem

WRITERS = 50


async def triage(desk: Desk, no: str, key: str, *, who: str = "desk", **body: Any) -> Response:
    sent = {**BODIES["triage"], **body}
    return await desk.act(who, no, "triage", headers={"Idempotency-Key": key}, **sent)


async def test_key_of_another_caller_replays_nothing(desk: Desk, hotline: Hotline) -> None:
    """An answer kept for one key is not to be had by guessing its Idempotency-Key."""
    no, other = await make_ticket(hotline), await make_ticket(hotline)
    first = await triage(desk, no, "shared")
    supervised = await desk.act(
        "leader", other, "urge", headers={"Idempotency-Key": "shared"}, text="请尽快"
    )
    as_unit = await triage(desk, no, "shared", who="sanitation-section")
    as_leader = await triage(desk, no, "shared", who="leader")

    assert (first.status_code, supervised.status_code) == (200, 200)
    assert "idempotent-replayed" not in supervised.headers
    assert supervised.json()["no"] == other
    assert is_problem(as_unit, 404, "not-found")
    assert is_problem(as_leader, 403, "forbidden")


async def test_key_for_another_path_or_body_is_refused(desk: Desk, hotline: Hotline) -> None:
    no, other = await make_ticket(hotline), await make_ticket(hotline)
    assert (await triage(desk, no, "once")).status_code == 200

    elsewhere = await triage(desk, other, "once")
    changed = await triage(desk, no, "once", category="S-01")
    again = await triage(desk, no, "once")

    assert is_problem(elsewhere, 422, "idempotency-key-reused")
    assert is_problem(changed, 422, "idempotency-key-reused")
    assert again.headers["idempotent-replayed"] == "true"
    assert (await desk.get("desk", f"/v1/tickets/{other}")).json()["state"] == "received"


async def test_key_of_any_shape_is_one_to_255_characters_taken_as_they_are(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    for key in ("", "x" * 256, "x" * 20_000):
        assert is_problem(await triage(desk, no, key), 422, "invalid"), len(key)
    odd = ["x" * 255, "'; --", "%00", "..", "*", "a,b", "键".encode().decode("latin-1"), "ÿ"]
    for category, key in zip(("S-01", "S-02", "S-03", "S-04"), odd[-4:], strict=True):
        headers = [
            (b"authorization", f"Bearer {desk.keys['desk']}".encode()),
            (b"idempotency-key", key.encode("latin-1")),
        ]
        path, body = f"/v1/tickets/{no}/triage", {**BODIES["triage"], "category": category}
        first = await desk.client.post(path, json=body, headers=headers)
        again = await desk.client.post(path, json=body, headers=headers)
        assert (first.status_code, again.status_code) == (200, 200), first.text
        assert again.headers["idempotent-replayed"] == "true"
    for key in odd[:4]:
        assert (await triage(desk, no, key)).status_code == 200


async def test_version_spelled_oddly_never_passes_for_the_present_one(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    version = (await desk.get("desk", f"/v1/tickets/{no}")).json()["version"]
    stale = [f'"{version}0"', f'"0{version}"', '""', '"-1"', '"1e0"', '"*"x', "'1'", '"１"', "null"]

    for given in (*stale, '"' + "9" * 10_000 + '"', ",".join(f'"{n}"' for n in range(2, 500))):
        headers = {"If-Match": given.encode("utf-8").decode("latin-1")}
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        raw += [
            (b"authorization", f"Bearer {desk.keys['desk']}".encode()),
            (b"idempotency-key", b"odd"),
        ]
        path = f"/v1/tickets/{no}/triage"
        answer = await desk.client.post(path, json=dict(BODIES["triage"]), headers=raw)
        assert is_problem(answer, 412, "stale"), given[:40]


async def test_version_of_what_may_not_be_seen_is_not_told(desk: Desk, hotline: Hotline) -> None:
    no = await make_ticket(hotline)

    for given in ('"1"', '"2"', "*"):
        answer = await desk.act(
            "greening-section", no, "accept", headers={"If-Match": given}, executor="李工"
        )
        assert is_problem(answer, 404, "not-found")
        assert "etag" not in answer.headers
        assert "version" not in answer.json()


async def test_fifty_writers_with_one_version_make_one_winner(desk: Desk, hotline: Hotline) -> None:
    """And with an older one none at all."""
    no = await make_ticket(hotline)
    before = (await desk.get("desk", f"/v1/tickets/{no}")).headers["etag"]
    changed = await desk.act("desk", no, "urge", text="请尽快")
    present = changed.headers["etag"]
    assert before != present

    async def write(number: int, version: str) -> int:
        headers = {"If-Match": version, "Idempotency-Key": f"writer-{version}-{number}"}
        answer = await desk.act("desk", no, "urge", headers=headers, text=f"第{number}次")
        return answer.status_code

    won = await asyncio.gather(*(write(number, present) for number in range(WRITERS)))
    late = await asyncio.gather(*(write(number, before) for number in range(WRITERS)))

    assert sorted(won) == [200] + [412] * (WRITERS - 1)
    assert set(late) == {412}
