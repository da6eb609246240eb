"""The small edition of `make fuzz`, in one process: every operation, a few cases each."""

import os
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient

from shared.tickets import Hotline
from tests.authorisation.callers import Callers
from tests.authorisation.stage import Stage
from tests.authorisation.test_cells import callers, services
from tests.conftest import Tell
from tests.fuzz.fuzzing import Fuzz
from tests.fuzz.sound import Sound
from tests.fuzz.special import SPECIAL
from tests.intake.conftest import Drain
from tests.intake.receiver import receiving

__all__ = ["callers", "services"]
CASES = int(os.environ.get("MINHU_CASES", "60"))
SEED = int(os.environ.get("MINHU_SEED", "1"))
LEAST_SHARE = 0.9


@pytest.fixture
async def stage(
    services: dict[str, AsyncClient], hotline: Hotline, callers: Callers, drain: Drain
) -> AsyncIterator[Stage]:
    async with receiving() as receiver:
        made = Stage(services, callers, hotline, drain, hears=receiver.url)
        await made.put_on()
        yield made


async def test_no_case_breaks_a_service_or_a_schema(stage: Stage, tell: Tell) -> None:
    for service, client in stage.clients.items():
        document = (await client.get("/openapi.json")).json()
        found = await Fuzz(service, document, Sound(stage, SPECIAL), SEED).run(CASES)
        tell(f"{service}: {found.cases} cases, {found.share():.0%} of operations with a 2xx")

        assert found.server_errors == 0, "\n".join(found.faults[:20])
        assert found.faults == [], "\n".join(found.faults[:20])
        assert found.share() >= LEAST_SHARE, found.closed
