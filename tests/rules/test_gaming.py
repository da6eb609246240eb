"""Which doings are flagged, and which are the ordinary day of somebody busy."""

from datetime import datetime, timedelta

import pytest

from services.scoring.rules.gaming import (
    BULK,
    BULK_WITHIN,
    COPIES,
    LAST,
    LAST_BEFORE,
    Deed,
    Doing,
    Flagged,
    find_flags,
)
from shared.domain.calendar import CITY_ZONE

NINE = datetime(2026, 11, 18, 9, tzinfo=CITY_ZONE)
MINUTE = timedelta(minutes=1)


def contact(n: int, at: datetime, person: str = "李强") -> Deed:
    return Deed(Doing.CONTACT, "sanitation-section", person, f"T-{n}", at)


def feedback(n: int, before_due: timedelta, unit: str = "sanitation-section") -> Deed:
    at = NINE + n * timedelta(hours=1)
    return Deed(Doing.FEEDBACK, unit, "李强", f"T-{n}", at, due=at + before_due)


def reply(n: int, words: str | None, person: str = "李强") -> Deed:
    return Deed(Doing.REPLY, "sanitation-section", person, f"T-{n}", NINE, words=words)


def test_contacts_are_flagged_where_so_many_lie_within_so_short_a_time() -> None:
    gap = timedelta(seconds=BULK_WITHIN.seconds // (BULK - 1))

    (flag,) = find_flags(contact(n, NINE + n * gap) for n in range(BULK))

    assert (flag.kind, flag.person, len(flag.deeds)) == (Flagged.BULK_CONTACTS, "李强", BULK)


@pytest.mark.parametrize(
    "deeds",
    [
        [contact(n, NINE + n * MINUTE / 10) for n in range(BULK - 1)],
        [contact(n, NINE + n * (BULK_WITHIN + MINUTE) / (BULK - 1)) for n in range(BULK)],
        [contact(n, NINE, person=f"第{n % 2}人") for n in range(2 * BULK - 2)],
        [feedback(n, LAST_BEFORE) for n in range(LAST - 1)],
        [feedback(n, LAST_BEFORE + MINUTE) for n in range(2 * LAST)],
        [feedback(n, -MINUTE) for n in range(2 * LAST)],
        [feedback(n, MINUTE, unit=f"unit-{n % 2}") for n in range(2 * LAST - 2)],
        [reply(n, "same") for n in range(COPIES - 1)],
        [reply(1, "same") for _ in range(2 * COPIES)],
        [reply(n, None) for n in range(2 * COPIES)],
        [reply(n, f"other {n}") for n in range(2 * COPIES)],
    ],
)
def test_the_ordinary_day_is_not_flagged(deeds: list[Deed]) -> None:
    assert find_flags(deeds) == []


def test_two_bursts_of_one_day_are_two_flags() -> None:
    deeds = [contact(n, NINE + n * MINUTE / 10) for n in range(BULK)]
    deeds += [contact(n, NINE + timedelta(hours=5) + n * MINUTE / 10) for n in range(BULK + 2)]

    assert [len(flag.deeds) for flag in find_flags(deeds)] == [BULK, BULK + 2]


def test_feedback_at_the_very_due_and_half_an_hour_before_is_of_the_last_minute() -> None:
    deeds = [feedback(n, timedelta() if n % 2 else LAST_BEFORE) for n in range(LAST)]

    (flag,) = find_flags(deeds)

    assert (flag.kind, flag.person, len(flag.deeds)) == (Flagged.LAST_MINUTE, None, LAST)


def test_the_same_words_of_several_persons_name_none_of_them() -> None:
    (own,) = find_flags(reply(n, "same") for n in range(COPIES))
    (shared,) = find_flags(reply(n, "same", person=f"第{n}人") for n in range(COPIES))

    assert (own.kind, own.person) == (Flagged.COPIED_WORDS, "李强")
    assert shared.person is None
