"""How long a failure waits: bounded, growing, spread. Eight park; what passes never counts."""

import statistics
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.errors import Unavailable
from shared.tickets import Hotline, Ledger
from shared.worker.deliveries import Delivery, Drain, Later
from shared.worker.failures import LONGEST_WAIT, MAX_ATTEMPTS, backoff
from shared.worker.outcomes import WAITS
from tests.conftest import BUREAU
from tests.seen.owing import HEARD, owe, read_all, set_due

MANY = 400


@given(attempt=st.integers(min_value=1, max_value=10_000 // 10))
@settings(max_examples=200, deadline=None)
def test_a_wait_is_never_longer_than_the_longest_nor_shorter_than_half_its_step(
    attempt: int,
) -> None:
    step = min(2.0**attempt, LONGEST_WAIT)

    assert step / 2 <= backoff(attempt) <= step


@given(attempt=st.integers(min_value=1, max_value=MAX_ATTEMPTS))
@settings(max_examples=30, deadline=None)
def test_waits_double_until_the_bound_and_are_spread_over_their_half(attempt: int) -> None:
    step = min(2.0**attempt, LONGEST_WAIT)
    waits = [backoff(attempt) for _ in range(MANY)]

    assert statistics.mean(waits) == pytest.approx(0.75 * step, rel=0.06)
    assert min(waits) < 0.55 * step
    assert max(waits) > 0.95 * step
    assert len(set(waits)) > 0.99 * MANY


def test_callbacks_wait_longer_every_time_and_about_three_days_in_all() -> None:
    assert list(WAITS) == sorted(WAITS)
    assert timedelta(hours=70) < sum(WAITS, timedelta()) < timedelta(hours=80)


class Fails:
    """A handler that raises what it is given, in turn."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)

    async def __call__(self, _: Ledger, __: Sequence[Delivery]) -> None:
        error = self.errors.pop(0)
        if error is not None:
            raise error


async def drain_once(hotline: Hotline, handler: Fails) -> None:
    """What is due, and no more: what fails is not due again for a second at least."""
    work = Drain(hotline, BUREAU, {HEARD: handler})
    await work.batch(HEARD)
    await work.apart()


async def test_seven_failures_are_tried_again_and_the_eighth_parks(hotline: Hotline) -> None:
    await owe(hotline, stream=1)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        await set_due(hotline)
        # The first time its batch fails before it stands alone.
        await drain_once(hotline, Fails(*[ValueError()] * (2 if attempt == 1 else 1)))

        (row,) = await read_all(hotline)
        assert (row.attempts, row.parked_at is not None) == (attempt, attempt == MAX_ATTEMPTS)
        assert row.first_error == row.last_error == "ValueError"
        assert row.first_failed_at <= row.last_failed_at
        assert row.next_try_at > row.last_failed_at

    await set_due(hotline)
    await drain_once(hotline, Fails())
    (row,) = await read_all(hotline)
    assert row.attempts == MAX_ATTEMPTS


def deadlock() -> DBAPIError:
    class Crossed(Exception):
        sqlstate = "40P01"

    return DBAPIError("", {}, Crossed())


@pytest.mark.parametrize("error", [Later(), deadlock()], ids=["later", "deadlock"])
@pytest.mark.parametrize("failed_before", [False, True])
async def test_what_must_wait_and_what_passes_by_itself_are_never_counted(
    hotline: Hotline, error: Exception, *, failed_before: bool
) -> None:
    await owe(hotline, stream=1)
    if failed_before:
        await drain_once(hotline, Fails(ValueError(), ValueError()))
    for _ in range(MAX_ATTEMPTS + 2):
        await set_due(hotline)
        await drain_once(hotline, Fails(*[error] * (1 if failed_before else 2)))

    (row,) = await read_all(hotline)
    assert (row.attempts, row.parked_at) == (int(failed_before), None)

    await set_due(hotline)
    await drain_once(hotline, Fails(None))
    assert await read_all(hotline) == []


async def test_a_server_that_is_away_ends_the_round_and_counts_nothing(hotline: Hotline) -> None:
    await owe(hotline, stream=1)

    with pytest.raises(Unavailable):
        await Drain(hotline, BUREAU, {HEARD: Fails(Unavailable())}).batch(HEARD)

    (row,) = await read_all(hotline)
    assert (row.attempts, row.apart, row.last_error) == (0, False, None)


async def test_an_error_is_kept_by_its_kind_and_never_by_its_words(hotline: Hotline) -> None:
    await owe(hotline, stream=1)
    said = "诉求人 13800138000 说"
    await drain_once(hotline, Fails(ValueError(said), ValueError(said)))

    async with hotline.database.transaction(BUREAU, writing=False) as tx:
        row = await tx.row(text("SELECT deliveries::text AS told FROM deliveries"))
    assert row is not None
    assert "13800138000" not in row.told
    assert "诉求人" not in row.told
