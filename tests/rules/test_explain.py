"""The sentence beside a clock: whole, in Chinese, with every figure a reader needs to check it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.domain.explain import BASES, DEEDS, Basis, ClockFacts, describe_span, explain
from shared.domain.limits import due_after, parse_limit, parse_window
from shared.domain.official import load_official_calendar
from shared.domain.words import ClockName, ClockOutcome

CALENDAR = load_official_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_ZONE)


def make_facts(
    start: str = "2026-11-18 09:12",
    limit: str = "5wd",
    *,
    name: ClockName = ClockName.COMPLETE,
    outcome: ClockOutcome | None = None,
    stopped_at: str | None = None,
) -> ClockFacts:
    duty = parse_window("08:30-17:30")
    begins, due = due_after(at(start), parse_limit(limit), CALENDAR, duty)
    return ClockFacts(
        name=name,
        start=begins,
        due=due,
        basis=Basis.LIMIT,
        limit=parse_limit(limit),
        outcome=outcome,
        stopped_at=at(stopped_at) if stopped_at else None,
    )


def told(facts: ClockFacts, now: str = "2026-12-01 00:00") -> str:
    return explain(facts, CALENDAR, now=at(now))


def test_a_clock_met_in_time() -> None:
    facts = make_facts(outcome=ClockOutcome.MET, stopped_at="2026-11-24 17:00")

    assert told(facts) == (
        "2026年11月18日（周三）09:12上级派件，5个工作日，当天不计，周末不计，"
        "应于11月25日（周三）24:00前办结；于11月24日（周二）17:00办结，提前1天6小时59分。"
    )


def test_a_late_clock_over_a_holiday_with_a_make_up_saturday() -> None:
    facts = make_facts("2026-09-30 16:00", outcome=ClockOutcome.LATE, stopped_at="2026-10-14 08:00")

    assert told(facts) == (
        "2026年9月30日（周三）16:00上级派件，5个工作日，当天不计，国庆节、周末不计，"
        "10月10日（周六）调休上班照计，应于10月13日（周二）24:00前办结；"
        "于10月14日（周三）08:00办结，超时8小时。"
    )


def test_a_running_clock_in_working_hours() -> None:
    facts = make_facts("2026-11-18 16:30", "2wh", name=ClockName.UNIT_ACCEPT)

    assert told(facts, now="2026-11-19 09:15") == (
        "2026年11月18日（周三）16:30派单，2个工作小时，只计工作日09:00—12:00、13:00—17:30，"
        "下班后不计，应于11月19日（周四）10:00前接单；现未接单，剩余45分。"
    )


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ("2026-11-18 23:00", "尚未到起算时间。"),
        ("2026-11-19 08:30", "现未先行联系诉求人，剩余1小时。"),
        ("2026-11-19 09:30", "现未先行联系诉求人，剩余0秒。"),
        ("2026-11-19 09:30:01", "现未先行联系诉求人，已超时1秒。"),
    ],
)
def test_an_urgent_clock_before_and_after_its_hour(now: str, verdict: str) -> None:
    facts = make_facts("2026-11-18 20:00", "1h", name=ClockName.FIRST_CONTACT)
    facts = replace(facts, asked=at("2026-11-18 20:00"))

    assert told(facts, now=now) == (
        "2026年11月18日（周三）20:00上级派件，不在值班时段，11月19日（周四）08:30开始值班时起算，"
        "1小时，按自然时间连续计算，"
        "应于11月19日（周四）09:30前先行联系诉求人；" + verdict
    )


def test_a_due_in_a_provisional_year_says_so_and_names_the_year() -> None:
    sentence = told(make_facts("2026-12-29 20:00"), now="2026-12-30 09:00")

    assert "元旦、周末不计，应于2027年1月6日（周三）24:00前办结" in sentence
    assert "（2027年放假安排尚未公布，公布后期限只延不缩）" in sentence


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (
            ClockOutcome.UNREACHED,
            "多次联系未果，至11月19日（周四）10:00视为已履行，提前13小时59分。",
        ),
        (ClockOutcome.CANCELLED, "于11月19日（周四）10:00撤销，不再计时。"),
    ],
)
def test_other_ends_of_a_clock(outcome: ClockOutcome, verdict: str) -> None:
    facts = make_facts(
        limit="1wd",
        name=ClockName.FIRST_CONTACT,
        outcome=outcome,
        stopped_at="2026-11-19 10:00",
    )

    assert told(facts).endswith("；" + verdict)


def test_an_exempt_clock_has_no_times() -> None:
    facts = ClockFacts(
        name=ClockName.REPLY,
        start=at("2026-11-18 09:12"),
        due=None,
        basis=Basis.REPLY,
        outcome=ClockOutcome.EXEMPT,
    )

    assert told(facts) == "依规定免予回复诉求人，不计时限。"


@pytest.mark.parametrize("basis", [basis for basis in Basis if basis is not Basis.LIMIT])
def test_a_due_that_follows_no_limit_says_what_it_follows(basis: Basis) -> None:
    facts = ClockFacts(
        name=ClockName.COMPLETE,
        start=at("2026-11-18 09:12"),
        due=at("2026-11-20 12:00"),
        basis=basis,
    )

    assert f"上级派件，{BASES[basis]}，应于11月20日（周五）12:00前办结" in told(facts)


def test_a_calendar_without_names_still_tells_holidays_from_weekends() -> None:
    nameless = WorkCalendar(version="nameless", exceptions=CALENDAR.exceptions)
    sentence = explain(make_facts("2026-09-30 16:00"), nameless, now=at("2026-10-08 09:00"))

    assert "节假日、周末不计" in sentence


def test_every_clock_has_its_deed() -> None:
    assert set(DEEDS) == set(ClockName)


def test_a_clock_that_follows_a_limit_names_it() -> None:
    facts = ClockFacts(
        name=ClockName.COMPLETE,
        start=at("2026-11-18 09:12"),
        due=at("2026-11-20 12:00"),
        basis=Basis.LIMIT,
    )
    with pytest.raises(ValueError, match="names it"):
        told(facts)


def test_a_clock_that_has_ended_says_when() -> None:
    with pytest.raises(ValueError, match="says when"):
        told(make_facts(outcome=ClockOutcome.MET))


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(0), "0秒"),
        (timedelta(seconds=59, microseconds=999_999), "59秒"),
        (timedelta(seconds=60), "1分"),
        (timedelta(hours=1), "1小时"),
        (timedelta(days=1, minutes=5), "1天5分"),
        (timedelta(days=400, hours=6, minutes=59, seconds=59), "400天6小时59分"),
    ],
)
def test_a_span_is_told_in_days_hours_and_minutes(span: timedelta, text: str) -> None:
    assert describe_span(span) == text
