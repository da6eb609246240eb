"""A city platform that pushes over the network, as a stack's ready file describes it."""

import asyncio
import itertools
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from httpx import AsyncClient, Response

from shared.domain.calendar import CITY_ZONE
from tests.platform import Platform

SOURCE = "city-12345"
PATIENCE_SECONDS = 20.0
numbers = itertools.count(1)


def push_ticket(facts: Mapping[str, Any]) -> str:
    """Pushes one received a minute ago, so that no deadline passes; the receipt's last word."""
    at = (datetime.now(CITY_ZONE) - timedelta(minutes=1)).isoformat(timespec="seconds")

    async def push() -> str:
        async with AsyncClient(base_url=facts["intake"], trust_env=False) as client:
            city = Platform(client, SOURCE, facts["sources"][SOURCE]["secret"])
            pushed = await city.create(f"SH-CLI-{next(numbers)}", at=at, received_at=at)
            assert pushed.status_code == 202, pushed.text
            return await wait_until_applied(city, pushed)

    return asyncio.run(push())


async def wait_until_applied(city: Platform, pushed: Response) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (state := str((await city.receipt(pushed))["status"])) == "pending":
        assert time.monotonic() < deadline, "never applied"
    return state
