"""What is kept no longer goes by itself, part by part, day by day, whatever comes between."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta

import asyncpg
import pytest

from services.cli.checks.retention import check_retention
from shared.domain.actor import SYSTEM
from shared.domain.calendar import CITY_ZONE
from shared.domain.erasure import Obstacle, retention_of
from shared.domain.events import TicketUrged, TicketVoided
from shared.domain.words import ErasurePart
from shared.erasure.finding import list_due
from shared.errors import NewerRelease, Unavailable
from shared.tickets import Hotline, lock_no
from shared.worker.retention import Keeper
from tests.conftest import BUREAU
from tests.erasure.conftest import Erase
from tests.erasure.ended import CLEAN, WHOLE, end_ticket, left_of, set_periods
from tests.factories import SetClock, make_ticket
from tests.faults.hook import Commit, Cut, install

UNHEARD_OF = (
    "INSERT INTO ticket_events (bureau_id, ticket_id, seq, type, schema_version, occurred_at,"
    " recorded_at, actor_role, actor_name, data) SELECT bureau_id, ticket_id, 4,"
    " 'ticket.unheard_of', 1, occurred_at, recorded_at, actor_role, actor_name, '{}'"
    " FROM ticket_events WHERE ticket_id = $1 AND seq = 3"
)
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=CITY_ZONE)
PART = ErasurePart
Keep = Callable[[], Awaitable[None]]


@pytest.fixture(autouse=True)
async def periods(hotline: Hotline, set_clock: SetClock) -> None:
    await set_clock(NOW)
    await set_periods(hotline, recording="10d", caller="20d", ticket="40d")


def city(*given: int) -> datetime:
    return datetime(*given).replace(tzinfo=CITY_ZONE)  # type: ignore[arg-type]  # noqa: DTZ001


async def test_each_part_is_due_from_the_second_on_at_which_its_period_is_over(
    hotline: Hotline, set_clock: SetClock
) -> None:
    await end_ticket(hotline)
    for days, before, after in (
        (10, (), (PART.RECORDING,)),
        (20, (PART.RECORDING,), (PART.RECORDING, PART.CALLER)),
        (40, (PART.RECORDING, PART.CALLER), tuple(PART)),
    ):
        found = []
        for moment in (NOW + timedelta(days=days, seconds=-1), NOW + timedelta(days=days)):
            await set_clock(moment)
            async with hotline.ledger(BUREAU, writing=False) as ledger:
                retention = retention_of(ledger.rulebook.limits_at(ledger.now))
                bounds = retention.bounds(ledger.now)
                due = await list_due(ledger.tx, bounds, after=0, limit=9)
            found.append(tuple(part for one in due for part in one.parts))
        assert found == [before, after]


async def test_the_parts_go_one_after_the_other_and_each_leaves_its_tombstone(
    hotline: Hotline, set_clock: SetClock, keep: Keep, inside: asyncpg.Connection
) -> None:
    no = await end_ticket(hotline)
    found = []
    for days in (9, 10, 20, 40, 41):
        await set_clock(NOW + timedelta(days=days))
        await keep()
        found += await left_of(inside, no)

    assert found == [WHOLE, (1, 5, 1, 1, 1), (0, 5, 1, 2, 2), (0, 0, 0, 3, 3), (0, 0, 0, 3, 3)]
    stones = await inside.fetch("SELECT * FROM erasures ORDER BY erased_at")
    assert [(one["part"], one["reason"]) for one in stones] == [
        ("recording", "retention.recording=10d"),
        ("caller", "retention.caller=20d"),
        ("ticket", "retention.ticket=40d"),
    ]
    assert {(one["cause"], one["actor_name"]) for one in stones} == {("retention", "minhu")}
    assert [one["erased_at"] - NOW for one in stones] == [timedelta(days=n) for n in (10, 20, 40)]
    seen = await inside.fetch("SELECT kind, tickets FROM audit_entries ORDER BY entry")
    number = int(no.partition("-")[2])
    assert [tuple(one) for one in seen] == [("ticket.erased", [number])] * 3


async def test_the_work_is_done_once_a_day_and_not_before_its_hour(
    hotline: Hotline, set_clock: SetClock, keep: Keep, inside: asyncpg.Connection
) -> None:
    no = await end_ticket(hotline)
    await set_clock(city(2026, 12, 28, 3, 29))
    await keep()
    early = await left_of(inside, no)
    await set_clock(city(2026, 12, 28, 10, 1))
    await keep()
    later = await end_ticket(hotline, received_at=city(2026, 1, 5, 9))
    await inside.execute("UPDATE erasures SET through_seq = 0")
    await keep()
    runs = await inside.fetch("SELECT day, tickets, finished_at FROM retention_runs")

    assert (early, await left_of(inside, no, later)) == ([WHOLE], [CLEAN, WHOLE])
    assert await inside.fetchval("SELECT max(through_seq) FROM erasures") == 0  # no second round
    assert [(run["day"], run["tickets"]) for run in runs] == [(date(2026, 12, 28), 1)]
    assert runs[0]["finished_at"] == city(2026, 12, 28, 10, 1)


async def test_what_is_still_being_handled_stays_until_it_has_ended(
    hotline: Hotline, set_clock: SetClock, keep: Keep, erase: Erase, inside: asyncpg.Connection
) -> None:
    no = await make_ticket(hotline)
    asked = await erase(no)
    await set_clock(NOW + timedelta(days=400))
    await keep()
    before = await left_of(inside, no)
    async with hotline.ledger(BUREAU) as ledger:
        ticket = await lock_no(ledger.tx, no)
        assert ticket is not None
        ledger.record(ticket, TicketVoided(), actor=SYSTEM)
    await set_clock(NOW + timedelta(days=401))
    await keep()

    assert [one.obstacles for one in asked.outcomes] == [(Obstacle.OPEN,)]
    assert before == [(0, 3, 0, 0, 0)]
    # It ended a day ago, so no period is over: the request has stood all the while.
    assert await left_of(inside, no) == [(0, 0, 0, 1, 3)]


async def test_what_a_platform_says_later_is_erased_in_its_turn(
    hotline: Hotline, set_clock: SetClock, keep: Keep, erase: Erase, inside: asyncpg.Connection
) -> None:
    no = await end_ticket(hotline)
    await erase(no)
    first = await inside.fetch("SELECT ticket_id, part, erased_at, actor_name FROM erasures")
    async with hotline.ledger(BUREAU) as ledger:
        ticket = await lock_no(ledger.tx, no)
        assert ticket is not None
        ledger.record(ticket, TicketUrged(), actor=SYSTEM, texts={"text": "又来电催问"})
    grown = await left_of(inside, no)
    await set_clock(NOW + timedelta(days=1))
    await keep()

    assert (grown[0][1], await left_of(inside, no)) == (1, [(0, 0, 0, 2, 3)])
    assert first == await inside.fetch(
        "SELECT ticket_id, part, erased_at, actor_name FROM erasures"
    )


async def test_one_ticket_that_cannot_be_read_holds_up_no_other(
    hotline: Hotline, set_clock: SetClock, keep: Keep, inside: asyncpg.Connection
) -> None:
    nos = [await end_ticket(hotline) for _ in range(3)]
    number = int(nos[1].partition("-")[2])
    await inside.execute(UNHEARD_OF, number)
    await set_clock(NOW + timedelta(days=41))
    with pytest.raises(NewerRelease):
        await keep()
    run = await inside.fetchrow("SELECT tickets, left_out, finished_at FROM retention_runs")

    assert await left_of(inside, *nos) == [CLEAN, WHOLE, CLEAN]
    assert run is not None
    assert (run["tickets"], run["left_out"]) == (2, 1)
    assert run["finished_at"] is not None


@pytest.mark.undisturbed("切断的提交由试验自己选")
@pytest.mark.parametrize("cut", list(Cut))
async def test_a_round_cut_at_any_commit_is_gone_on_with_and_ends_the_same(
    hotline: Hotline, set_clock: SetClock, inside: asyncpg.Connection, cut: Cut
) -> None:
    keeper = Keeper(hotline, batch=2)
    nth = cuts = 0
    is_cut = True
    while is_cut:
        nos = [await end_ticket(hotline) for _ in range(5)]
        await set_clock(NOW + timedelta(days=50 * (nth + 1)))
        passed = iter(range(100))

        def choose(commit: Commit, nth: int = nth, passed: object = passed) -> Cut | None:
            if not {"erasures", "retention_runs", "raw_messages"} & {*commit.tables}:
                return None
            return cut if next(passed) == nth else None  # type: ignore[call-overload]

        with install(choose):
            try:
                await keeper.look()
                is_cut = False
            except Unavailable:
                cuts += 1
            while is_cut and not await is_finished(inside):
                await keeper.look()
        assert await left_of(inside, *nos) == [CLEAN] * 5, nth
        nth += 1

    assert cuts >= 5  # the day begun, three batches, its end


@pytest.mark.undisturbed("切断的提交由试验自己选")
@pytest.mark.parametrize("cut", list(Cut))
@pytest.mark.parametrize("nth", [0, 1])
async def test_a_request_cut_at_any_commit_is_finished_by_the_worker(  # noqa: PLR0917
    hotline: Hotline,
    set_clock: SetClock,
    keep: Keep,
    erase: Erase,
    inside: asyncpg.Connection,
    cut: Cut,
    nth: int,
) -> None:
    nos = [await end_ticket(hotline) for _ in range(3)]
    passed = iter(range(100))

    def choose(commit: Commit) -> Cut | None:
        return cut if commit.tables and next(passed) == nth else None

    with install(choose), pytest.raises(Unavailable):
        await erase(*nos)
    await set_clock(NOW + timedelta(days=1))
    await keep()
    is_asked = await inside.fetchval("SELECT count(*) FROM erasure_requests")

    assert is_asked == (0 if (nth, cut) == (0, Cut.BEFORE) else 1)
    assert await left_of(inside, *nos) == [CLEAN if is_asked else WHOLE] * 3


async def is_finished(inside: asyncpg.Connection) -> bool:
    return bool(
        await inside.fetchval(
            "SELECT finished_at IS NOT NULL FROM retention_runs ORDER BY day DESC LIMIT 1"
        )
    )


async def test_the_doctor_tells_of_what_was_left_out_and_of_a_day_not_done(
    hotline: Hotline, inside: asyncpg.Connection
) -> None:
    quiet = await check_retention(hotline)
    await inside.execute(
        "INSERT INTO retention_runs (bureau_id, day, after, left_out, started_at)"
        " VALUES (1, '2026-11-17', 0, 2, now())"
    )
    told = await check_retention(hotline)

    assert quiet == []
    assert [one.text for one in told] == ["2026-11-17 有 2 件出错而略过", "2026-11-17 没有做完"]
