"""Telling platforms of new states: signed, in order per ticket, tried again, parked at last."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from services.cli.worker import open_sender
from shared.identity.sources import rotate_source
from shared.tickets import Hotline
from shared.tickets.settling import settle
from shared.worker.callbacks import drain_callbacks
from tests.conftest import BUREAU
from tests.factories import Desk, SetClock
from tests.intake.conftest import Drain
from tests.intake.receiver import Receiver, receiving
from tests.platform import Platform

NOW = datetime.fromisoformat("2026-11-18T09:30:00+08:00")


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock(NOW)


@dataclass(frozen=True)
class Rounds:
    """The worker's rounds, one at a time, and what is owed after them."""

    hotline: Hotline

    async def call(self) -> None:
        async with open_sender(self.hotline) as sender:
            await drain_callbacks(self.hotline, BUREAU, sender)

    async def owed(self) -> list[Any]:
        async with self.hotline.database.transaction(BUREAU, writing=False) as tx:
            return list(
                await tx.rows(
                    text(
                        "SELECT subscriber, seq, attempts, next_try_at, last_error, parked_at"
                        " FROM deliveries WHERE subscriber LIKE 'callback:%'"
                        " ORDER BY stream_id, seq"
                    )
                )
            )

    async def now(self) -> datetime:
        async with self.hotline.database.transaction(BUREAU, writing=False) as tx:
            return tx.now


@pytest.fixture
def rounds(hotline: Hotline) -> Rounds:
    return Rounds(hotline)


async def register(platform: Platform, receiver: Receiver) -> None:
    body = orjson.dumps({"url": receiver.url})
    answer = await platform.client.put("/v1/callback", content=body, headers=platform.headers(body))
    assert answer.status_code == 200, answer.text


async def open_ticket(city: Platform, drain: Drain, no: str) -> str:
    pushed = await city.create(no)
    await drain()
    found: str = (await city.receipt(pushed))["ticket_no"]
    return found


async def test_every_state_is_told_once_in_order_as_it_was_then(
    city: Platform, desk: Desk, drain: Drain, rounds: Rounds
) -> None:
    async with receiving() as receiver:
        await register(city, receiver)
        nos = {up: await open_ticket(city, drain, up) for up in ("SH-1", "SH-2")}
        for no in nos.values():
            await desk.walk(no, until="dispatch")
        await rounds.call()
        await rounds.call()

    for upstream_no in nos:
        assert receiver.told(upstream_no) == ["received", "triaged", "dispatched"]
    assert {one.data["no"] for one in receiver.heard} == set(nos.values())
    assert all(one.is_signed_with(city.secret) for one in receiver.heard)
    assert len({one.headers["webhook-id"] for one in receiver.heard}) == 6


async def test_a_refused_call_waits_longer_each_time_and_is_the_same_call(
    city: Platform, desk: Desk, drain: Drain, rounds: Rounds, set_clock: SetClock
) -> None:
    codes = iter([500, 302, 429])
    async with receiving(lambda _: next(codes, 200)) as receiver:
        await register(city, receiver)
        no = await open_ticket(city, drain, "SH-1")
        await rounds.call()
        await desk.act("desk", no, "triage", trade="sanitation", category="S-05")
        waits = []
        for tries in (1, 2, 3):
            first, second = await rounds.owed()
            assert (first.attempts, second.attempts, len(receiver.heard)) == (tries, 0, tries)
            now = await rounds.now()
            waits.append((first.next_try_at - now).total_seconds())
            await set_clock(first.next_try_at - timedelta(seconds=1))
            await rounds.call()
            assert len(receiver.heard) == tries
            await set_clock(first.next_try_at)
            await rounds.call()

    assert receiver.told("SH-1") == ["received"] * 4 + ["triaged"]
    assert await rounds.owed() == []
    same = {(one.headers["webhook-id"], one.body) for one in receiver.heard[:4]}
    assert len(same) == 1
    for wait, expected in zip(waits, (5, 300, 1800), strict=True):
        assert 0.9 * expected <= wait <= 1.1 * expected


async def test_after_ten_tries_over_three_days_it_is_parked_and_holds_back_its_own_ticket_alone(
    city: Platform, desk: Desk, drain: Drain, rounds: Rounds, set_clock: SetClock
) -> None:
    def refuse_first(heard: Any) -> int:
        return 500 if heard.data["upstream_no"] == "SH-1" else 200

    async with receiving(refuse_first) as receiver:
        await register(city, receiver)
        bad = await open_ticket(city, drain, "SH-1")
        await rounds.call()
        while (first := (await rounds.owed())[0]).parked_at is None:
            await set_clock(max(first.next_try_at, await rounds.now()))
            await rounds.call()
        good = await open_ticket(city, drain, "SH-2")
        for no in (bad, good):
            await desk.act("desk", no, "triage", trade="sanitation", category="S-05")
        await set_clock(await rounds.now() + timedelta(days=30))
        await rounds.call()

    parked, held = await rounds.owed()
    assert receiver.told("SH-1") == ["received"] * 10
    assert receiver.told("SH-2") == ["received", "triaged"]
    assert (parked.attempts, parked.last_error) == (10, "HTTP 500")
    assert (held.attempts, held.parked_at) == (0, None)
    assert timedelta(hours=67) < parked.parked_at - NOW.astimezone(UTC) < timedelta(hours=84)


async def test_a_receiver_that_is_away_holds_up_no_other_receiver(
    city: Platform, district: Platform, desk: Desk, drain: Drain, rounds: Rounds
) -> None:
    async with AsyncExitStack() as stack:
        broken = await stack.enter_async_context(receiving(lambda _: 503))
        sound = await stack.enter_async_context(receiving())
        await register(city, broken)
        await register(district, sound)
        pushed = await city.create("SH-1", other_nos=["JA-1"])
        await district.create("JA-1")
        await drain()
        no = (await city.receipt(pushed))["ticket_no"]
        await desk.walk(no, until="dispatch")
        await rounds.call()

    assert broken.told("SH-1") == ["received"]
    assert sound.told("JA-1") == ["triaged", "dispatched"]
    assert [one.subscriber for one in await rounds.owed()] == ["callback:city-12345"] * 3


async def test_nobody_there_is_counted_and_tried_again(
    city: Platform, drain: Drain, rounds: Rounds, set_clock: SetClock
) -> None:
    async with receiving() as receiver:
        await register(city, receiver)
    await open_ticket(city, drain, "SH-1")
    await rounds.call()

    waiting = (await rounds.owed())[0]
    assert (waiting.attempts, waiting.last_error) == (1, "unreachable")


async def test_an_answer_that_never_ends_is_not_waited_for(
    city: Platform, drain: Drain, rounds: Rounds
) -> None:
    async with receiving(lambda _: 200, drips=True) as receiver:
        await register(city, receiver)
        await open_ticket(city, drain, "SH-1")
        await rounds.call()

    assert receiver.told("SH-1") == ["received"]
    assert await rounds.owed() == []


async def test_a_secret_rotated_between_two_tries_signs_beside_the_old_one(
    city: Platform, drain: Drain, rounds: Rounds, set_clock: SetClock
) -> None:
    codes = iter([500])
    async with receiving(lambda _: next(codes, 200)) as receiver:
        await register(city, receiver)
        await open_ticket(city, drain, "SH-1")
        await rounds.call()
        async with rounds.hotline.database.transaction(BUREAU) as tx:
            new = await rotate_source(
                tx.connection, BUREAU, "city-12345", keyring=rounds.hotline.keyring
            )
        await set_clock((await rounds.owed())[0].next_try_at)
        await rounds.call()

    first, second = receiver.heard
    assert (first.is_signed_with(city.secret), first.is_signed_with(new)) == (True, False)
    assert (second.is_signed_with(city.secret), second.is_signed_with(new)) == (True, True)
    assert await rounds.owed() == []


async def test_a_platform_that_wants_no_more_calls_gets_none(
    city: Platform, drain: Drain, rounds: Rounds
) -> None:
    async with receiving() as receiver:
        await register(city, receiver)
        await open_ticket(city, drain, "SH-1")
        body = b'{"url":null}'
        await city.client.put("/v1/callback", content=body, headers=city.headers(body))
        await rounds.call()

    assert receiver.heard == []
    assert await rounds.owed() == []


async def test_a_call_held_back_by_one_that_waits_is_not_pending(
    city: Platform, desk: Desk, drain: Drain, rounds: Rounds
) -> None:
    async with receiving(lambda _: 500) as receiver:
        await register(city, receiver)
        no = await open_ticket(city, drain, "SH-1")
        await rounds.call()
        await desk.act("desk", no, "triage", trade="sanitation", category="S-05")
        await drain()

    await settle(rounds.hotline, 2.0)
    assert len(await rounds.owed()) == 2


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///hear",
        "https://a b/",
        "https://user:word@platform.example/",
        "https://platform.example:99999/",
        "https://platform.example/\0",
        "https://[::1/",
        "https://平台.example/",
        "http://platform.example/",
        "http://127.0.0.1.example/",
        "http://localhost@platform.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://platform.example/" + "x" * 2000,
        7,
        ["https://platform.example/"],
    ],
)
async def test_an_address_that_cannot_be_called_is_refused(city: Platform, url: Any) -> None:
    body = orjson.dumps({"url": url})
    answer = await city.client.put("/v1/callback", content=body, headers=city.headers(body))

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert answer.json()["errors"][0]["pointer"] == "/url"


@pytest.mark.parametrize("url", ["https://platform.example:8443/hear?a=1", "http://[::1]:9/"])
async def test_an_address_that_can_be_called_is_taken(city: Platform, url: str) -> None:
    body = orjson.dumps({"url": url})
    answer = await city.client.put("/v1/callback", content=body, headers=city.headers(body))

    assert (answer.status_code, answer.json()) == (200, {"url": url})
