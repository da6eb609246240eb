"""What a platform sees of its callbacks, what an administrator does about them, and enabling."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson
import pytest
from httpx import AsyncClient, Response

from services.cli.worker import open_sender
from shared.tickets import Hotline
from shared.worker.callbacks import drain_callbacks
from tests.conftest import BUREAU
from tests.factories import Desk, SetClock
from tests.intake.conftest import Drain
from tests.intake.receiver import receiving
from tests.intake.test_callbacks import open_ticket, register
from tests.platform import Platform

Call = Callable[[], Awaitable[None]]
Ask = Callable[..., Awaitable[Response]]


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock(datetime.fromisoformat("2026-11-18T09:30:00+08:00"))


@pytest.fixture
def call(hotline: Hotline) -> Call:
    async def run() -> None:
        async with open_sender(hotline) as sender:
            await drain_callbacks(hotline, BUREAU, sender)

    return run


@pytest.fixture
def admin(intake: AsyncClient, keys: dict[str, str]) -> Ask:
    async def ask(method: str, path: str, *, who: str = "admin", key: str = "") -> Response:
        headers = {"Authorization": f"Bearer {keys[who]}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        return await intake.request(method, f"/v1/sources/{path}", headers=headers)

    return ask


async def replay(platform: Platform, delivery: str) -> Response:
    path = f"/v1/callback/deliveries/{delivery}/replay"
    return await platform.client.post(path, headers=platform.headers(b""))


async def test_a_platform_reads_its_own_calls_and_asks_for_one_again(
    city: Platform, district: Platform, drain: Drain, call: Call
) -> None:
    async with receiving() as receiver:
        await register(city, receiver)
        no = await open_ticket(city, drain, "SH-1")
        await call()
        (sent,) = (await city.get("/v1/callback/deliveries?state=delivered")).json()["items"]
        foreign = await replay(district, sent["id"])
        again = await replay(city, sent["id"])
        await call()
        listed = (await city.get("/v1/callback/deliveries")).json()["items"]

    assert (sent["no"], sent["payload"]["data"]["upstream_no"]) == (no, "SH-1")
    assert foreign.status_code == 404
    assert (again.status_code, again.json()["replay_of"]) == (200, sent["id"])
    assert [one["state"] for one in listed] == ["delivered", "delivered"]
    first, second = receiver.heard
    assert (first.body, first.headers["webhook-id"]) == (
        second.body,
        second.headers["webhook-id"],
    )
    assert (await district.get("/v1/callback/deliveries")).json()["items"] == []


async def test_an_unsigned_caller_reads_no_calls(intake: AsyncClient) -> None:
    for path in ("/v1/callback", "/v1/callback/deliveries"):
        assert (await intake.get(path)).status_code == 401


@pytest.mark.parametrize("way", ["platform", "admin"])
async def test_a_platform_that_said_gone_is_left_alone_until_enabled(
    city: Platform, desk: Desk, drain: Drain, call: Call, admin: Ask, *, way: str
) -> None:
    is_gone = True
    async with receiving(lambda _: 410 if is_gone else 200) as receiver:
        await register(city, receiver)
        no = await open_ticket(city, drain, "SH-1")
        await call()
        await desk.act("desk", no, "triage", trade="sanitation", category="S-05")
        await call()
        shown = (await city.get("/v1/callback")).json()
        seen = (await admin("GET", "city-12345/callback")).json()
        is_gone = False
        if way == "platform":
            await register(city, receiver)
        else:
            answers = [await admin("POST", "city-12345/enable", key="enable") for _ in range(2)]
            assert [one.status_code for one in answers] == [200, 200]
        await call()
        after = (await city.get("/v1/callback")).json()

    assert (shown["state"], shown["disabled_because"], shown["waiting"]) == ("disabled", "gone", 2)
    assert seen == shown
    assert (after["state"], after["waiting"]) == ("enabled", 0)
    assert receiver.told("SH-1") == ["received", "received", "triaged"]


async def test_an_administrator_alone_reads_and_replays_what_was_sent_to_a_platform(
    city: Platform, drain: Drain, call: Call, admin: Ask
) -> None:
    async with receiving() as receiver:
        await register(city, receiver)
        await open_ticket(city, drain, "SH-1")
        await call()
        (sent,) = (await admin("GET", "city-12345/deliveries")).json()["items"]
        path = f"city-12345/deliveries/{sent['id']}/replay"
        codes = [(await admin("POST", path, key="again")).status_code for _ in range(2)]
        await call()

    assert codes == [200, 200]
    assert len(receiver.heard) == 2
    for method, where in (("GET", "nobody/deliveries"), ("POST", "nobody/enable")):
        assert (await admin(method, where)).status_code == 404
    for method, where in (("GET", "city-12345/deliveries"), ("POST", path)):
        assert (await admin(method, where, who="desk")).status_code == 403


async def test_an_inner_address_is_refused_to_platforms_too(city: Platform) -> None:
    for url in ("https://10.0.0.5/", "https://[::ffff:192.168.0.1]/", "https://169.254.169.254/"):
        body = orjson.dumps({"url": url})
        answer = await city.client.put("/v1/callback", content=body, headers=city.headers(body))
        found: dict[str, Any] = answer.json()
        assert (answer.status_code, found["errors"][0]["pointer"]) == (422, "/url")
