"""Where time is real, a list is as old as its signature says: what came later is on its way."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.app import create_app
from shared.domain import events
from shared.domain.actor import SYSTEM
from shared.domain.calendar import CITY_ZONE
from shared.settings import Settings
from shared.tickets import Hotline, lock_no
from tests.conftest import BUREAU, served
from tests.factories import make_ticket
from tests.platform import Platform
from tests.reconcile.lists import Line, found_in, list_body

RECEIVED = (datetime.now(UTC) - timedelta(minutes=10)).replace(microsecond=0)
DAY = RECEIVED.astimezone(CITY_ZONE).date()


@pytest.fixture
async def platform(production: Settings, secrets: dict[str, str]) -> AsyncIterator[Platform]:
    async with served(create_app(production)) as client:
        yield Platform(client, "city-12345", secrets["city-12345"])


async def post(platform: Platform, lines: list[Line], *, age: int) -> Any:
    body = list_body(DAY, lines)
    stamp, message_id = str(int(time.time()) - age), f"list-{age}-{len(lines)}-{time.time_ns()}"
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": platform.sign(message_id, stamp, body),
        "content-type": "application/json",
    }
    path = f"/v1/reconciliations/{platform.name}"
    return await platform.client.post(path, content=body, headers=headers)


async def test_what_was_recorded_after_the_list_was_made_is_on_its_way(
    platform: Platform, hotline: Hotline
) -> None:
    no = await make_ticket(hotline, upstream_no="SH-1", received_at=RECEIVED)
    async with hotline.ledger(BUREAU) as ledger:
        ticket = await lock_no(ledger.tx, no)
        assert ticket is not None
        ledger.record(ticket, events.TicketVoided(), actor=SYSTEM, occurred_at=ledger.now)
    await make_ticket(hotline, upstream_no="SH-2", received_at=RECEIVED)

    old = (await post(platform, [Line("SH-1", RECEIVED)], age=60)).json()
    wrong = (await post(platform, [Line("SH-1", RECEIVED, "archived")], age=50)).json()
    new = (await post(platform, [Line("SH-1", RECEIVED)], age=-5)).json()
    late = await post(platform, [], age=60)

    assert (found_in(old), old["counts"]["in_transit"]) == ({}, 2)
    assert found_in(wrong) == {"SH-1": "differs"}
    assert found_in(new) == {"SH-1": "differs", "SH-2": "missing_there"}
    assert (late.status_code, late.json()["type"]) == (409, "/problems/conflict")
