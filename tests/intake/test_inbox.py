"""The inbox goes on, whatever becomes of one of its connections or of one group."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.inbox import Inbox, Incoming, open_inbox
from shared.errors import Unavailable
from shared.settings import Settings
from shared.vault.keyring import Keyring
from tests.conftest import BUREAU

FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
# What a server says that ends a connection, just before it closes it.
FAREWELL = b"E" + (len(FIELDS) + 4).to_bytes(4, "big") + FIELDS


@pytest.fixture(params=[True, False], ids=["in groups", "one by one"])
async def inbox(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Inbox]:
    keyring = Keyring.load(settings.keyring_file)
    async with open_inbox(settings.database_url, keyring, group_commit=request.param) as opened:
        yield opened


def message(webhook_id: str, **changed: Any) -> Incoming:
    given = {
        "bureau": BUREAU,
        "source": "city-12345",
        "webhook_id": webhook_id,
        "body": b"{}",
        "received_at": datetime(2026, 11, 18, tzinfo=UTC),
        "state": "pending",
        "type": "ticket.created",
    }
    return Incoming(**{**given, **changed})


async def hear_farewell(inbox: Inbox) -> None:
    """Heard on the one idle connection, whose end is not heard yet."""
    async with inbox.pool.acquire() as connection:
        protocol = connection._con._protocol
    protocol.data_received(FAREWELL)


async def test_a_connection_whose_server_says_farewell_costs_one_refusal(inbox: Inbox) -> None:
    assert await inbox.keep(message("msg-1"))
    await hear_farewell(inbox)
    with pytest.raises(Unavailable):
        await inbox.keep(message("msg-2"))
    assert await inbox.keep(message("msg-2"))
    assert not await inbox.keep(message("msg-1"))


async def test_one_that_cannot_be_written_stops_nobody_after_it(inbox: Inbox) -> None:
    with pytest.raises(TypeError):
        await inbox.keep(message("msg-1", body="not bytes"))
    assert await inbox.keep(message("msg-2"))
