"""A desk over the sample organisation, at half past nine on a Wednesday."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from services.cli.worker import open_sender
from shared.tickets import Hotline
from shared.worker.callbacks import drain_callbacks
from tests.conftest import BUREAU
from tests.dispatch.subscribing import OTHER, UNIT, Call, Owner
from tests.factories import Desk, SetClock
from tests.intake.receiver import Receiver, receiving


@pytest.fixture
async def desk(dispatch: AsyncClient, keys: dict[str, str], set_clock: SetClock) -> Desk:
    await set_clock("2026-11-18T09:30:00+08:00")
    return Desk(dispatch, keys)


@pytest.fixture
def unit(desk: Desk) -> Owner:
    return Owner(desk, UNIT)


@pytest.fixture
def other(desk: Desk) -> Owner:
    return Owner(desk, OTHER)


@pytest.fixture
def admin(desk: Desk) -> Owner:
    return Owner(desk, "admin")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as found:
        yield found


@pytest.fixture
def call(hotline: Hotline) -> Call:
    async def run() -> None:
        async with open_sender(hotline) as sender:
            await drain_callbacks(hotline, BUREAU, sender)

    return run
