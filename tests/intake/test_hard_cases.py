"""What platforms push when it is odd, late, doubled or hostile."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from httpx import AsyncClient, Request, Response
from sqlalchemy import text

from services.cli.worker import open_sender
from services.intake.app import create_app
from shared.identity.sources import set_callback
from shared.outgoing import Answer, Letter
from shared.settings import Settings
from shared.tickets import Hotline
from shared.worker.callbacks import drain_callbacks
from tests.conftest import BUREAU, served
from tests.factories import Desk, SetClock
from tests.platform import CREATED, Platform

Drain = Callable[[], Awaitable[int]]
LATER = "2026-11-18T09:20:00+08:00"
LATEST = "2026-11-18T09:25:00+08:00"


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")


async def ticket_of(desk: Desk, city: Platform, pushed: Response) -> dict[str, Any]:
    no = (await city.receipt(pushed))["ticket_no"]
    found: dict[str, Any] = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    return found


async def test_the_first_content_sent_again_undoes_no_later_update(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await drain()
    await city.push("ticket.updated", at=LATER, upstream_no="SH-1", urgency="urgent")
    await drain()
    again = await city.push("ticket.created", at=LATEST, upstream_no="SH-1", **CREATED)
    await drain()

    assert (await city.receipt(again))["status"] == "ignored"
    assert (await ticket_of(desk, city, pushed))["urgency"] == "urgent"


async def test_other_first_content_from_the_same_platform_is_an_update(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await drain()
    changed = {**CREATED, "urgency": "urgent"}
    again = await city.push("ticket.created", at=LATER, upstream_no="SH-1", **changed)
    await drain()

    assert (await city.receipt(again))["status"] == "applied"
    assert (await ticket_of(desk, city, pushed))["urgency"] == "urgent"


async def test_an_update_as_new_as_the_ticket_itself_is_not_lost(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    await city.push("ticket.updated", upstream_no="SH-1", urgency="urgent")
    await drain()

    assert (await ticket_of(desk, city, pushed))["urgency"] == "urgent"


async def test_null_in_an_update_clears_only_what_may_be_empty(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    pushed = await city.create("SH-1")
    nulls = {"appeal_type": None, "is_anonymous": None, "street_name": None}
    update = await city.push("ticket.updated", at=LATER, upstream_no="SH-1", **nulls)
    await drain()

    ticket = await ticket_of(desk, city, pushed)
    assert (await city.receipt(update))["status"] == "applied"
    assert (ticket["appeal_type"], ticket["is_anonymous"]) == ("complaint", False)
    assert ticket.get("street") is None


@pytest.mark.parametrize("value", [2**70, 1.5, [1, {"a": None}], "", {"深": "层"}])
async def test_any_unknown_field_is_carried(city: Platform, drain: Drain, value: Any) -> None:
    body = {"type": "ticket.created", "timestamp": LATER}
    data = {**CREATED, "upstream_no": "SH-1", "grid": value}
    pushed = await city.send(json_bytes({**body, "data": data}))
    await drain()

    assert (await city.receipt(pushed))["status"] == "applied"


@pytest.mark.parametrize(
    "body",
    [
        b'{"type":"a\\u0000b","timestamp":"2026-11-18T09:12:00+08:00","data":{}}',
        b'{"type":"ticket.urged","timestamp":"2026-11-18T09:12:00+08:00",'
        b'"data":{"upstream_no":"SH\\u0000"}}',
        b'{"type":"ticket.updated","timestamp":"2026-11-18T09:12:00+08:00",'
        b'"data":{"upstream_no":"SH-1","revision":99999999999999999999999}}',
        b"[" * 100_000,
    ],
)
async def test_what_postgres_could_not_keep_is_quarantined(city: Platform, body: bytes) -> None:
    refused = await city.send(body)

    assert refused.status_code == 422
    assert (await city.receipt(refused))["status"] == "quarantined"


def json_bytes(value: Any) -> bytes:
    return Request("POST", "http://minhu.test", json=value).content


CHAIN = {
    "SH-1": {},
    "SH-2": {"is_repeat": True, "repeat_of": "SH-1"},
    "SH-3": {"is_repeat": True, "repeat_of": "SH-2"},
}


@pytest.mark.parametrize("order", list(itertools.permutations(CHAIN)))
@pytest.mark.parametrize("together", [True, False], ids=["one batch", "one by one"])
async def test_a_chain_of_repeats_hangs_on_its_root_in_whatever_order_it_comes(
    city: Platform, desk: Desk, drain: Drain, order: tuple[str, ...], *, together: bool
) -> None:
    pushed = {}
    for no in order:
        pushed[no] = await city.create(no, **CHAIN[no])
        if not together:
            await drain()
    await drain()

    known = {no: await ticket_of(desk, city, pushed[no]) for no in CHAIN}
    root = known["SH-1"]["no"]
    assert [known[no]["repeat_of"] for no in CHAIN] == [None, root, root]
    assert len({ticket["matter"] for ticket in known.values()}) == 1


async def test_two_tickets_that_name_each_other_do_not_repeat_themselves(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    one = await city.create("SH-1", is_repeat=True, repeat_of="SH-2")
    await drain()
    other = await city.create("SH-2", is_repeat=True, repeat_of="SH-1")
    await drain()

    tickets = [await ticket_of(desk, city, pushed) for pushed in (one, other)]
    assert all(ticket["repeat_of"] != ticket["no"] for ticket in tickets)


async def test_words_on_a_rework_order_wait_for_it(
    city: Platform, desk: Desk, drain: Drain
) -> None:
    early = await city.push("ticket.urged", upstream_no="SH-1-R", text="催办")
    await drain()
    pushed = await city.create("SH-1")
    await drain()
    await city.push("ticket.rework", at=LATER, upstream_no="SH-1-R", of="SH-1")
    await drain()

    assert (await city.receipt(early))["status"] == "applied"
    assert (await ticket_of(desk, city, pushed))["urged"] == 1


async def test_the_trace_of_a_push_is_carried_into_the_log(
    city: Platform, hotline: Hotline, drain: Drain
) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    body = json_bytes(
        {"type": "ticket.created", "timestamp": LATER, "data": {**CREATED, "upstream_no": "SH-1"}}
    )
    headers = {**city.headers(body), "traceparent": trace}
    await city.client.post("/v1/webhooks/city-12345", content=body, headers=headers)
    await drain()

    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        rows = await tx.rows(text("SELECT trace FROM ticket_events"))
    assert {row.trace for row in rows} == {trace}


@pytest.mark.parametrize(
    "patch",
    [
        {"data": {**CREATED, "upstream_no": "SH-1"}, "type": "ticket.created", "timestamp": LATER},
        {
            "data": {
                "type": "ticket.created",
                "timestamp": LATER,
                "data": {**CREATED, "upstream_no": "SH-1"},
            }
        },
    ],
    ids=["beside", "whole"],
)
async def test_even_nonsense_can_be_mended(
    city: Platform, intake: AsyncClient, keys: dict[str, str], drain: Drain, patch: dict[str, Any]
) -> None:
    refused = await city.send(b"\xff\xfe nonsense")
    headers = {"Authorization": f"Bearer {keys['admin']}", "Idempotency-Key": "mend"}
    path = f"/v1/quarantine/{refused.json()['receipt']}/redrive"
    mended = await intake.post(path, json=patch, headers=headers)
    await drain()

    assert mended.status_code == 202, mended.text
    assert (await city.receipt(refused))["status"] == "applied"


@pytest.mark.parametrize(
    "data",
    [
        {"caller": "张建国 13812345678"},
        {"caller": {"name": "张建国", "phone": 13812345678}, "note": "回电13812345678张建国"},
        {"tel": 13812345678, "caller": {"name": "张建国", "phone": "13812345678"}},
    ],
)
async def test_quarantine_shows_no_caller_however_faulty_the_message(
    city: Platform, intake: AsyncClient, keys: dict[str, str], data: dict[str, Any]
) -> None:
    await city.push("ticket.created", upstream_no="SH-1", **data)
    headers = {"Authorization": f"Bearer {keys['admin']}"}
    listed = await intake.get("/v1/quarantine", headers=headers)

    assert listed.status_code == 200
    assert len(listed.json()["items"]) == 1
    assert "13812345678" not in listed.text
    assert "张建国" not in listed.text


async def test_a_platform_that_refuses_its_callback_is_counted_and_holds_nothing_up(
    city: Platform, hotline: Hotline, drain: Drain
) -> None:
    async with hotline.database.transaction(BUREAU) as tx:
        await set_callback(tx.connection, BUREAU, "city-12345", "https://platform.test/hear")
    await city.create("SH-1")
    await drain()
    calls: list[Letter] = []

    async def refuse(letter: Letter) -> Answer:
        calls.append(letter)
        return Answer(500)

    async with open_sender(hotline) as sender:
        await drain_callbacks(hotline, BUREAU, replace(sender, post=refuse))

    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(text("SELECT attempts FROM deliveries WHERE subscriber ~ '^callback:'"))
    assert [call.url for call in calls] == ["https://platform.test/hear"]
    assert row is not None
    assert row.attempts == 1


@pytest.mark.parametrize("group_commit", [True, False])
async def test_with_group_commit_or_without_each_message_is_kept_once(
    settings: Settings, secrets: dict[str, str], hotline: Hotline, *, group_commit: bool
) -> None:
    app = create_app(settings.model_copy(update={"group_commit": group_commit}))
    async with served(app) as client:
        city = Platform(client, "city-12345", secrets["city-12345"])
        bodies = [
            json_bytes(
                {"type": "ticket.urged", "timestamp": LATER, "data": {"upstream_no": f"N-{n}"}}
            )
            for n in range(40)
        ]
        async with asyncio.TaskGroup() as tasks:
            sent = [
                tasks.create_task(city.send(body, f"m-{n}"))
                for n, body in enumerate(bodies)
                for _ in range(2)
            ]
    codes = sorted(task.result().status_code for task in sent)

    assert codes == [200] * 40 + [202] * 40
    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(text("SELECT count(*) AS n FROM raw_messages"))
        owed = await tx.row(text("SELECT count(*) AS n FROM deliveries"))
    assert row is not None
    assert owed is not None
    assert (row.n, owed.n) == (40, 40)
