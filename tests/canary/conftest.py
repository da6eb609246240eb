"""One platform and the desk of the sample organisation, in the morning."""

import pytest
from httpx import AsyncClient

from tests.factories import Desk, SetClock
from tests.platform import Platform

MORNING = "2026-11-18T10:00:00+08:00"


@pytest.fixture
async def city(intake: AsyncClient, secrets: dict[str, str], set_clock: SetClock) -> Platform:
    await set_clock(MORNING)
    return Platform(intake, "city-12345", secrets["city-12345"])


@pytest.fixture
def desk(dispatch: AsyncClient, keys: dict[str, str]) -> Desk:
    return Desk(dispatch, keys)
