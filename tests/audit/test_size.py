"""How long a long chain takes to verify."""

import os
import time

from shared.tickets import Hotline
from tests.audit.test_chain import fill, link, verified
from tests.conftest import Tell

ROWS = int(os.environ.get("MINHU_AUDIT_LENGTH", "5000"))
SECONDS_A_MILLION = 60


async def test_a_million_rows_are_verified_within_a_minute(hotline: Hotline, tell: Tell) -> None:
    for at in range(0, ROWS, 100_000):
        await fill(hotline, min(100_000, ROWS - at))
    begun = time.monotonic()
    await link(hotline)
    linked = time.monotonic()
    verdict = await verified(hotline)
    done = time.monotonic()
    tell(f"{ROWS} rows: linked in {linked - begun:.1f} s, verified in {done - linked:.1f} s")

    assert (verdict.rows, verdict.faults) == (ROWS, [])
    assert done - linked <= max(5, SECONDS_A_MILLION * ROWS / 1_000_000)
