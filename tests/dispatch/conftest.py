"""A desk over the sample organisation, at half past nine on a Wednesday."""

import pytest
from httpx import AsyncClient

from tests.factories import Desk, SetClock


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock) -> Desk:
    await set_clock("2026-11-18T09:30:00+08:00")
    return Desk(dispatch, keys)
