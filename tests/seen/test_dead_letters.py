"""Dead letters: who sees what of them, and that driving them again does no harm."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from services.cli.worker import all_handlers
from shared.settings import Settings
from shared.tickets import Hotline, Ledger
from shared.worker.deliveries import Delivery, drain
from tests.cli.console import run as run_command
from tests.conftest import BUREAU, Tell
from tests.factories import Desk, make_ticket
from tests.platform import Platform
from tests.seen.owing import HEARD, owe, park, read_all, run

SECRET = "秘密"
REDRIVES = text("SELECT * FROM redrives WHERE bureau_id = :bureau ORDER BY redrive_id")


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str]) -> Desk:
    return Desk(dispatch, keys)


async def redrive(desk: Desk, what: str, *, who: str = "admin", key: str = "", **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {desk.keys[who]}"}
    if key != "none":
        headers["Idempotency-Key"] = key or f"again-{desk.calls()}"
    return await desk.client.post(f"/v1/dead-letters/{what}", json=body, headers=headers)


async def kept(hotline: Hotline) -> Sequence[Any]:
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        return await tx.rows(REDRIVES, bureau=BUREAU)


async def test_a_letter_shows_why_how_often_since_when_and_whose_and_never_what_it_says(
    desk: Desk, hotline: Hotline
) -> None:
    no = await make_ticket(hotline)
    (ticket, *_) = await read_all(hotline)
    await run(hotline, text("DELETE FROM deliveries WHERE :bureau = 1"))
    await owe(hotline, stream=ticket.stream_id)
    await park(hotline)

    answer = await desk.get("desk", "/v1/dead-letters")

    (item,) = answer.json()["items"]
    assert item["id"] == f"scoring.{ticket.stream_id}.1"
    assert (item["ticket_no"], item["receipt"]) == (no, None)
    assert (item["reason"], item["attempts"]) == ("处理时多次出错", 8)
    assert (item["first_error"], item["last_error"]) == ("KeyError", "ValueError")
    assert item["first_failed_at"] < item["last_failed_at"]
    assert item["parked_at"].endswith("+08:00")
    assert item["redriven"] is None
    assert SECRET not in answer.text


async def test_a_message_of_no_ticket_yet_is_named_by_its_receipt(
    desk: Desk, intake: AsyncClient, hotline: Hotline, secrets: dict[str, str]
) -> None:
    receipt = (await Platform(intake, "city-12345", secrets["city-12345"]).create("SH-1")).json()
    await park(hotline)

    (item,) = (await desk.get("admin", "/v1/dead-letters?subscriber=intake")).json()["items"]

    assert (item["receipt"], item["ticket_no"]) == (receipt["receipt"], None)


async def test_pages_show_every_letter_once_and_can_be_of_one_subscriber(
    desk: Desk, hotline: Hotline
) -> None:
    await owe(hotline, stream=1, last=5)
    await owe(hotline, stream=2, last=2, subscriber="matters")
    await park(hotline)
    seen = []
    path = "/v1/dead-letters?limit=2"
    while path:
        answer = (await desk.get("leader", path)).json()
        seen += [one["id"] for one in answer["items"]]
        path = answer["next_cursor"] and f"/v1/dead-letters?limit=2&cursor={answer['next_cursor']}"

    assert sorted(seen) == [
        *(f"matters.2.{n}" for n in (1, 2)),
        *(f"scoring.1.{n}" for n in range(1, 6)),
    ]
    own = (await desk.get("desk", "/v1/dead-letters?subscriber=matters")).json()["items"]
    assert [one["id"] for one in own] == ["matters.2.1", "matters.2.2"]


@pytest.mark.parametrize(
    ("who", "reads", "drives"),
    [
        ("admin", 200, 200),
        ("desk", 200, 403),
        ("leader", 200, 403),
        ("bi", 403, 403),
        ("sanitation-section", 403, 403),
    ],
)
async def test_the_desk_and_leaders_may_look_and_only_an_admin_may_redrive(
    desk: Desk, hotline: Hotline, who: str, reads: int, drives: int
) -> None:
    await owe(hotline, stream=1)
    await park(hotline)

    assert (await desk.get(who, "/v1/dead-letters")).status_code == reads
    assert (await redrive(desk, "scoring.1.1/redrive", who=who)).status_code == drives
    assert (await redrive(desk, "redrive", who=who, subscriber="x")).status_code == drives


async def test_a_letter_driven_again_begins_anew_with_those_parked_before_it(
    desk: Desk, hotline: Hotline
) -> None:
    await owe(hotline, stream=1, last=3)
    await owe(hotline, stream=2)
    await park(hotline)

    answer = await redrive(desk, "scoring.1.2/redrive")

    assert answer.json() == {"redriven": ["scoring.1.1", "scoring.1.2"]}
    rows = {(row.stream_id, row.seq): row for row in await read_all(hotline)}
    assert [key for key, row in rows.items() if row.parked_at is None] == [(1, 1), (1, 2)]
    driven = rows[1, 2]
    assert (driven.attempts, driven.first_error, driven.last_error) == (0, None, None)
    told = [(one.stream_id, one.seq, one.attempts, one.last_error) for one in await kept(hotline)]
    assert told == [(1, 1, 8, "ValueError"), (1, 2, 8, "ValueError")]
    (by,) = {(one.actor_role, one.actor_name) for one in await kept(hotline)}
    assert by[0] == "admin"
    assert by[1]


async def test_those_driven_again_are_handled_in_the_order_of_their_stream(
    desk: Desk, hotline: Hotline
) -> None:
    """Even when a person took the last first, and a fresh one came in between."""
    for stream in (3, 1, 2):
        await owe(hotline, stream=stream, last=4)
    await park(hotline)
    await redrive(desk, "scoring.1.1/redrive")
    await redrive(desk, "scoring.1.4/redrive")
    await redrive(desk, "redrive", subscriber=HEARD)
    seen: dict[int, list[int]] = {}

    async def note(_: Ledger, batch: Sequence[Delivery]) -> None:
        for one in batch:
            seen.setdefault(one.stream_id, []).append(one.seq)

    await drain(hotline, BUREAU, {HEARD: note})

    assert seen == {stream: [1, 2, 3, 4] for stream in (1, 2, 3)}
    assert await read_all(hotline) == []


async def test_driving_twice_is_harmless_and_the_same_key_tells_the_same_answer(
    desk: Desk, hotline: Hotline
) -> None:
    await owe(hotline, stream=1)
    await park(hotline)

    first = await redrive(desk, "scoring.1.1/redrive", key="once")
    same = await redrive(desk, "scoring.1.1/redrive", key="once")
    second = await redrive(desk, "scoring.1.1/redrive")

    assert first.json() == same.json() == {"redriven": ["scoring.1.1"]}
    assert same.headers["Idempotent-Replayed"] == "true"
    assert (second.status_code, second.json()) == (200, {"redriven": []})
    assert len(await kept(hotline)) == 1

    async def take(_: Ledger, __: Sequence[Delivery]) -> None:
        """Handled at last."""

    await drain(hotline, BUREAU, {HEARD: take})
    done = await redrive(desk, "scoring.1.1/redrive")
    assert (done.status_code, done.json()) == (200, {"redriven": []})


@pytest.mark.parametrize(
    ("what", "body", "key", "status"),
    [
        ("scoring.9.9/redrive", {}, "", 404),
        ("nonsense/redrive", {}, "", 404),
        ("scoring.1.x/redrive", {}, "", 404),
        (f"scoring.{2**70}.1/redrive", {}, "", 404),
        ("scoring.1.1/redrive", {}, "none", 422),
        ("scoring.1.1/redrive", {"more": 1}, "", 422),
        ("redrive", {}, "", 422),
        ("redrive", {"subscriber": "a\0b"}, "", 422),
    ],
)
async def test_what_is_not_there_or_not_understood_is_refused(
    desk: Desk, hotline: Hotline, *, what: str, body: dict[str, Any], key: str, status: int
) -> None:
    await owe(hotline, stream=1)
    await park(hotline)

    assert (await redrive(desk, what, key=key, **body)).status_code == status
    assert await kept(hotline) == []


async def test_many_who_redrive_while_a_worker_drains_make_each_happen_once(
    desk: Desk, hotline: Hotline, tell: Tell
) -> None:
    for stream in range(1, 21):
        await owe(hotline, stream=stream, last=3)
    await park(hotline)
    seen: list[tuple[int, int]] = []

    async def note(_: Ledger, batch: Sequence[Delivery]) -> None:
        seen.extend((one.stream_id, one.seq) for one in batch)

    async def work() -> None:
        while await read_all(hotline):
            await drain(hotline, BUREAU, {HEARD: note})

    people = [redrive(desk, f"scoring.{1 + n % 20}.{1 + n % 3}/redrive") for n in range(40)]
    people += [redrive(desk, "redrive", subscriber=HEARD) for _ in range(4)]
    async with asyncio.timeout(60):
        answers, *_ = await asyncio.gather(asyncio.gather(*people), work(), work())

    driven = [one for answer in answers for one in answer.json()["redriven"]]
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(seen) == [(stream, seq) for stream in range(1, 21) for seq in (1, 2, 3)]
    assert len(driven) == len(set(driven)) == len(await kept(hotline)) == 60
    tell(f"{len(people)} calls, 2 workers, {len(driven)} driven once each")


async def test_a_message_mended_by_a_redrive_becomes_a_ticket(
    desk: Desk, intake: AsyncClient, hotline: Hotline, secrets: dict[str, str]
) -> None:
    await Platform(intake, "city-12345", secrets["city-12345"]).create("SH-2")
    await park(hotline)
    await drain(hotline, BUREAU, all_handlers())
    (letter,) = (await desk.get("admin", "/v1/dead-letters")).json()["items"]

    await redrive(desk, f"{letter['id']}/redrive")
    await drain(hotline, BUREAU, all_handlers())

    assert (await desk.get("admin", "/v1/dead-letters")).json()["items"] == []
    (ticket,) = (await desk.get("desk", "/v1/tickets")).json()["items"]
    assert ticket["upstream"][0]["no"] == "SH-2"


async def test_the_command_lists_and_redrives_and_keeps_who_did(
    hotline: Hotline, settings: Settings
) -> None:
    given = {
        "MINHU_DATABASE_URL": settings.database_url,
        "MINHU_REDIS_URL": settings.redis_url,
        "MINHU_KEYRING_FILE": str(settings.keyring_file),
    }
    await owe(hotline, stream=1, last=2)
    await park(hotline)

    listed = await asyncio.to_thread(run_command, "dead-letters", "list", given=given)
    wrong = await asyncio.to_thread(run_command, "dead-letters", "redrive", given=given)
    words = ("dead-letters", "redrive", "--subscriber", HEARD, "--actor", "张三")
    first = await asyncio.to_thread(run_command, *words, given=given)
    second = await asyncio.to_thread(run_command, *words, given=given)

    assert "scoring.1.2" in listed.out
    assert "处理时多次出错" in listed.out
    assert SECRET not in listed.out
    assert (wrong.code, wrong.out) == (1, "")
    assert first.out == "已重投 2 件，后台随即再试\n"
    assert second.out == "没有需要重投的\n"
    assert {one.actor_name for one in await kept(hotline)} == {"张三"}


async def test_the_answer_has_the_fields_its_description_shows(
    desk: Desk, hotline: Hotline
) -> None:
    await owe(hotline, stream=1)
    await park(hotline)
    described = (await desk.client.get("/openapi.json")).json()["paths"]["/v1/dead-letters"]

    (item,) = (await desk.get("desk", "/v1/dead-letters")).json()["items"]

    example = described["get"]["responses"]["200"]["content"]["application/json"]["example"]
    assert set(example["items"][0]) <= set(item)
