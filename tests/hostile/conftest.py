"""The sample organisation with a ticket of one unit, and everybody who may want to see more."""

from collections.abc import Awaitable, Callable

import pytest
from httpx import AsyncClient

from services.cli.worker import open_sender
from shared.tickets import Hotline
from shared.worker.callbacks import drain_callbacks
from tests.conftest import BUREAU
from tests.dispatch.subscribing import UNIT, Call, Owner
from tests.factories import Desk, SetClock
from tests.platform import Platform

Drain = Callable[[], Awaitable[int]]
MORNING = "2026-11-18T09:30:00+08:00"


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock) -> Desk:
    await set_clock(MORNING)
    return Desk(dispatch, keys)


@pytest.fixture
async def city(intake: AsyncClient, secrets: dict[str, str], set_clock: SetClock) -> Platform:
    await set_clock(MORNING)
    return Platform(intake, "city-12345", secrets["city-12345"])


@pytest.fixture
def district(intake: AsyncClient, secrets: dict[str, str]) -> Platform:
    return Platform(intake, "district-platform", secrets["district-platform"])


@pytest.fixture
def unit(desk: Desk) -> Owner:
    return Owner(desk, UNIT)


@pytest.fixture
async def figures(scoring: AsyncClient, keys: dict[str, str], set_clock: SetClock) -> Desk:
    """Asks the scoring API as one of the sample keys."""
    await set_clock(MORNING)
    return Desk(scoring, keys)


@pytest.fixture
def call(hotline: Hotline) -> Call:
    """Sends whatever is owed to receivers outside."""

    async def run() -> None:
        async with open_sender(hotline) as sender:
            await drain_callbacks(hotline, BUREAU, sender)

    return run
