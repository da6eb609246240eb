"""The small edition of `make fuzz`, in one process; not in `make test` until seen green."""

import os

from tests.authorisation.stage import Stage
from tests.authorisation.test_cells import callers, services, stage
from tests.conftest import Tell
from tests.fuzz.fuzzing import Fuzz
from tests.fuzz.sound import Sound
from tests.intake.conftest import Drain

__all__ = ["callers", "services", "stage"]
CASES = int(os.environ.get("MINHU_CASES", "60"))
# Without a worker and a receiver that answers, nothing settles and nothing can be replayed.
LEAST_SHARE = 0.8
SEED = int(os.environ.get("MINHU_SEED", "1"))


async def test_no_case_breaks_a_service_or_a_schema(stage: Stage, drain: Drain, tell: Tell) -> None:
    for service, client in stage.clients.items():
        document = (await client.get("/openapi.json")).json()
        found = await Fuzz(service, document, Sound(stage), SEED).run(CASES)
        tell(f"{service}: {found.cases} cases, {found.share():.0%} of operations with a 2xx")
        assert found.server_errors == 0, "\n".join(found.faults[:20])
        assert found.faults == [], "\n".join(found.faults[:20])
        assert found.share() >= LEAST_SHARE, found.closed
