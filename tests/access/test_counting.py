"""The count of one minute: by itself, together with others', and when it overflows."""

from collections.abc import Mapping

import pytest

from shared.web.counting import Count, Counter


class Minutes:
    """A clock that goes as it is told."""

    def __init__(self) -> None:
        self.now = 6_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def minutes() -> Minutes:
    return Minutes()


class Sum:
    """What Redis does, without one."""

    def __init__(self) -> None:
        self.totals: dict[tuple[int, str], int] = {}
        self.is_away = False

    async def add(self, window: int, counts: Mapping[str, int]) -> Mapping[str, int] | None:
        if self.is_away:
            return None
        for one, count in counts.items():
            self.totals[window, one] = self.totals.get((window, one), 0) + count
        return {one: self.totals[window, one] for one in counts}

    async def close(self) -> None:
        return


def admitted(counter: Counter, times: int, *, limit: int, subject: str = "key:a") -> int:
    return sum(counter.admit(subject, limit) == 0 for _ in range(times))


def test_a_burst_of_the_whole_limit_passes_and_no_more(minutes: Minutes) -> None:
    counter = Counter(minutes)

    assert admitted(counter, 500, limit=100) == 100
    assert admitted(counter, 5, limit=100, subject="key:b") == 5
    assert admitted(counter, 500, limit=0) == 500


@pytest.mark.parametrize("elapsed", [0.0, 12.0, 59.9])
@pytest.mark.parametrize("limit", [1, 2, 60, 1000])
def test_whoever_waits_as_told_gets_through_and_not_a_second_sooner(
    minutes: Minutes, elapsed: float, limit: int
) -> None:
    counter = Counter(minutes)
    minutes.now += elapsed
    admitted(counter, limit * 2, limit=limit)
    wait = counter.admit("key:a", limit)
    assert 0 < wait <= 120

    minutes.now += wait - 0.02
    assert counter.wait("key:a", limit) > 0
    minutes.now += 0.03
    assert counter.admit("key:a", limit) == 0


def test_no_sixty_seconds_hold_more_than_twice_the_limit_nor_an_hour_more_than_sixty_limits(
    minutes: Minutes,
) -> None:
    counter, passed = Counter(minutes), []
    for _ in range(36_000):
        minutes.now += 0.1
        if not counter.admit("key:a", 60):
            passed.append(minutes.now)

    assert 60 * 55 <= len(passed) <= 60 * 61
    worst = max(sum(at <= one < at + 60 for one in passed) for at in passed[::7])
    assert worst <= 80


async def test_what_others_counted_counts_and_is_not_counted_twice(minutes: Minutes) -> None:
    tally, (here, there) = Sum(), (Counter(minutes), Counter(minutes))
    assert admitted(here, 70, limit=100) == 70
    assert await here.share(tally)
    there.wait("key:a", 100)
    await there.share(tally)

    assert admitted(there, 100, limit=100) == 30
    for _ in range(3):
        for one in (here, there):
            one.wait("key:a", 100)
            await one.share(tally)
    assert admitted(here, 100, limit=100) == 0
    assert set(tally.totals.values()) == {100}


async def test_without_the_sum_each_holds_to_the_limit_alone(minutes: Minutes) -> None:
    tally, (here, there) = Sum(), (Counter(minutes), Counter(minutes))
    tally.is_away = True

    found = []
    for one in (here, there):
        found.append(admitted(one, 500, limit=100))
        assert not await one.share(tally)

    assert found == [100, 100]
    tally.is_away = False
    for one in (here, there):
        one.wait("key:a", 100)
        assert await one.share(tally)
    assert set(tally.totals.values()) == {200}


def test_a_flood_of_subjects_is_bounded_and_still_limited(minutes: Minutes) -> None:
    counter = Counter(minutes, most_subjects=50)

    passed = sum(counter.admit(f"address:{number}", 10) == 0 for number in range(5000))

    assert passed == 50 + 10
    minutes.now += 200
    assert counter.admit("address:new", 10) == 0


def test_a_clock_set_back_begins_anew(minutes: Minutes) -> None:
    count = Count(100, own=5)
    count.roll(99)

    assert (count.window, count.own, count.before) == (99, 0, 0)
