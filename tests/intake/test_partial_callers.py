"""An update names what changed of the caller; the rest stays as known."""

from typing import Any

import pytest
from httpx import Response

from tests.factories import Desk, SetClock
from tests.intake.conftest import Drain
from tests.platform import Platform

LATER = "2026-11-18T09:20:00+08:00"


@pytest.fixture(autouse=True)
async def at_half_past_nine(set_clock: SetClock) -> None:
    await set_clock("2026-11-18T09:30:00+08:00")


async def ticket_of(desk: Desk, city: Platform, pushed: Response) -> dict[str, Any]:
    no = (await city.receipt(pushed))["ticket_no"]
    ticket: dict[str, Any] = (await desk.get("desk", f"/v1/tickets/{no}")).json()
    return ticket


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"phone": "13900001111"}, {"name": "张先生", "phone": "139****1111"}),
        ({"name": "李小红", "gender": "female"}, {"name": "李女士", "phone": "138****5678"}),
        ({"name": "李小红"}, {"name": "李**", "phone": "138****5678"}),
        ({"phone": None}, {"name": "张先生"}),
    ],
    ids=["another number", "another name", "another name alone", "the number taken back"],
)
async def test_what_is_not_told_of_the_caller_stays(
    city: Platform, desk: Desk, drain: Drain, told: dict[str, Any], shown: dict[str, str]
) -> None:
    caller = {"name": "张伟", "gender": "male", "phone": "13812345678"}
    pushed = await city.create("SH-1", caller=caller, is_anonymous=False)
    await city.push("ticket.updated", at=LATER, upstream_no="SH-1", caller=told)
    await drain()

    assert (await ticket_of(desk, city, pushed))["caller"] == shown
