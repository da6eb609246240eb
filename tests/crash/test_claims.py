"""What one worker has in hand no other takes, and what it loses hold of the next one takes."""

import asyncio
from collections.abc import Sequence

import pytest

from services.intake.handlers import HANDLERS
from shared.errors import Unavailable
from shared.events.subscriptions import INTAKE
from shared.settings import Settings
from shared.tickets import Hotline, Ledger
from shared.worker.deliveries import Delivery, drain_batch
from tests.conftest import BUREAU
from tests.faults.hook import Cut, install
from tests.platform import Platform

PATIENCE_SECONDS = 10.0
Handed = list[tuple[str, int, int]]


@pytest.fixture
async def other(settings: Settings) -> Hotline:
    return Hotline.open(settings)


async def test_while_one_worker_has_a_delivery_in_hand_another_takes_none_of_it(
    city: Platform, hotline: Hotline, other: Hotline
) -> None:
    for number in range(3):
        assert (await city.create(f"SH-{number}")).status_code == 202
    handed: Handed = []

    async def take(_: Ledger, deliveries: Sequence[Delivery]) -> None:
        handed.extend(("other", one.stream_id, one.seq) for one in deliveries)

    async def hold(ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
        handed.extend(("one", one.stream_id, one.seq) for one in deliveries)
        async with asyncio.timeout(PATIENCE_SECONDS):  # nor does it wait for it
            assert await drain_batch(other, BUREAU, INTAKE, take) == 0
        await HANDLERS[INTAKE](ledger, deliveries)

    assert await drain_batch(hotline, BUREAU, INTAKE, hold) == 3
    assert await drain_batch(other, BUREAU, INTAKE, take) == 0
    await other.close()

    assert [who for who, *_ in handed] == ["one"] * 3


async def test_a_claim_ends_with_its_connection(
    city: Platform, hotline: Hotline, other: Hotline
) -> None:
    assert (await city.create("SH-1")).status_code == 202
    handed: Handed = []

    async def take(ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
        handed.extend(("other", one.stream_id, one.seq) for one in deliveries)
        await HANDLERS[INTAKE](ledger, deliveries)

    with install(lambda commit: Cut.BEFORE if commit.tables else None), pytest.raises(Unavailable):
        await drain_batch(hotline, BUREAU, INTAKE, HANDLERS[INTAKE])

    assert await drain_batch(other, BUREAU, INTAKE, take) == 1
    await other.close()
    assert len(handed) == 1
