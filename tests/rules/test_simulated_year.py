"""The simulated year: complete, the same every time, lawful in every step, readable."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from shared.domain.calendar import CITY_ZONE
from shared.domain.official import load_official_calendar
from shared.sandbox.year.agenda import LOCKDOWN
from shared.sandbox.year.forecast import Forecast, Ratio, forecast
from shared.sandbox.year.limits import (
    MINUTES_TO_ACCEPT,
    contact_due,
    desk_due,
    unit_due,
    workdays_allowed,
)
from shared.sandbox.year.people import CONTRACTORS, SECTIONS
from shared.sandbox.year.places import TOWN_AND_STREETS
from shared.sandbox.year.plan import digest, plan_year
from shared.sandbox.year.report import Report, Story
from shared.sandbox.year.scoreboard import print_report
from shared.sandbox.year.steps import Contact, PlannedTicket, Step, YearPlan

CALENDAR = load_official_calendar()
PHONE = re.compile(r"\d{11}|\d{3,4}-\d{7,8}")
PERFECT = (
    "first_contact_rate",
    "on_time_completion_rate",
    "timely_reply_rate",
    "actual_resolution_rate_reasonable_only",
)
SOLO = frozenset({"praise"})


@cache
def year() -> YearPlan:
    return plan_year(CALENDAR)


@cache
def figures() -> Forecast:
    return forecast(year(), CALENDAR)


def steps_named(ticket: PlannedTicket, name: str) -> list[Step]:
    return [step for step in ticket.steps if step.name == name]


def first_round(ticket: PlannedTicket) -> Iterator[Step]:
    """The steps up to the desk's first follow-up, or all where there is none."""
    for step in ticket.steps:
        yield step
        if step.name in {"follow-up", "ticket.followed_up"}:
            return


def first(ticket: PlannedTicket, name: str) -> Step:
    return next(step for step in ticket.steps if step.name == name)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def due_of(data: Any) -> datetime:
    if "upstream_due" in data:
        return instant(data["upstream_due"])
    return CALENDAR.end_of_workday_after(instant(data["dispatched_at"]), limit_of(data))


def limit_of(data: Any) -> int:
    return workdays_allowed(
        data["appeal_type"],
        data["ticket_kind"],
        complex_approved=data.get("complex_approved", False),
    )


def texts_of(body: Any) -> Iterator[str]:
    """Every string of a body but the caller's own field."""
    for key, value in body.items():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for item in value:
                yield from texts_of(item) if isinstance(item, dict) else [item]
        elif isinstance(value, dict) and key != "caller":
            yield from texts_of(value)


def test_the_year_has_1762_tickets_all_received_in_2022() -> None:
    assert len(year().tickets) == 1_762
    assert figures().intake == 1_762


def test_the_same_seed_gives_the_same_plan_and_another_seed_another() -> None:
    small = digest(plan_year(CALENDAR, tickets=60))

    assert digest(plan_year(CALENDAR, tickets=60)) == small
    assert digest(plan_year(CALENDAR, tickets=60, seed=7)) != small


@pytest.mark.parametrize("tickets", [1, 20, 130, 300])
def test_smaller_editions_have_just_as_many_tickets_as_asked(tickets: int) -> None:
    plan = plan_year(CALENDAR, tickets=tickets)

    assert len(plan.tickets) == tickets
    assert len({ticket.no for ticket in plan.tickets}) == tickets


@pytest.mark.parametrize("rate", PERFECT)
def test_the_four_rates_of_the_year_are_a_hundred_percent(rate: str) -> None:
    ratio: Ratio = getattr(figures(), rate)
    least = 1_000 if rate.endswith("reasonable_only") else 1_500

    assert ratio.num == ratio.den
    assert ratio.den > least


def test_strict_resolution_stays_below_a_hundred_percent() -> None:
    ratio = figures().actual_resolution_rate

    assert 0.7 < ratio.num / ratio.den < 0.9


def test_satisfaction_rises_over_the_year_to_its_best_in_november() -> None:
    months = {
        month: 100 * ratio.num / ratio.den
        for month, ratio in figures().satisfaction_by_month.items()
    }

    assert set(months) == set(range(1, 13))
    assert max(months, key=lambda month: months[month]) == 11
    assert sum(months[m] for m in (1, 2, 3)) < sum(months[m] for m in (7, 8, 9))
    assert 88 < sum(months.values()) / 12 < 92


@pytest.mark.parametrize("late", [1, 10])
def test_tickets_let_run_late_lower_the_rate_by_just_so_many(late: int) -> None:
    ratio = forecast(plan_year(CALENDAR, late=late), CALENDAR).on_time_completion_rate

    assert ratio.den - ratio.num == late
    assert ratio.den > 1_500


def test_the_calls_are_those_of_whole_courses() -> None:
    names = Counter(step.name for ticket in year().tickets for step in ticket.steps)

    assert year().calls > 18_500
    for action in ("triage", "dispatch", "accept", "dispose", "feedback", "complete"):
        assert names[action] >= 1_762
    for extra in ("ticket.urged", "ticket.updated", "ticket.rework", "reject-feedback", "urge"):
        assert names[extra] >= 5


def test_both_platforms_all_trades_and_every_street_appear() -> None:
    data = [ticket.steps[0] for ticket in year().tickets]
    trades = Counter(first(ticket, "triage").body["trade"] for ticket in year().tickets)

    assert {step.who for step in data} == {"city-12345", "district-platform"}
    assert set(trades) == {"greening", "appearance", "sanitation", "landscape"}
    assert trades.most_common(1)[0][0] == "sanitation"
    assert {step.body["street_name"] for step in data} == set(TOWN_AND_STREETS)


@pytest.mark.parametrize(
    ("topic", "months"),
    [
        ("果毛", {4, 5}),
        ("虫害", {5, 6, 7, 8, 9, 10}),
        ("落叶堆积", {1, 10, 11, 12}),
        ("行道树倾斜", {5, 6, 7, 8, 9}),
    ],
)
def test_each_season_has_its_own_matters(topic: str, months: set[int]) -> None:
    seen = {
        step.now.month
        for ticket in year().tickets
        if topic in (step := ticket.steps[0]).body["title"]
    }

    assert seen
    assert seen <= months


def test_in_the_lockdown_units_work_at_weekends_and_late_and_much_is_urgent() -> None:
    inside = [
        ticket
        for ticket in year().tickets
        if LOCKDOWN[0] <= ticket.steps[0].now.date() <= LOCKDOWN[1]
    ]
    hours = Counter(s.now.hour for ticket in inside for s in ticket.steps if s.who in SECTIONS)
    off_days = [
        step
        for ticket in inside
        for step in ticket.steps
        if step.who in SECTIONS and not CALENDAR.is_workday(step.now.date())
    ]
    urgent = sum(ticket.steps[0].body["urgency"] != "normal" for ticket in inside)

    assert min(hours) >= 6
    assert max(hours) == 23
    assert len(off_days) > 100
    assert urgent / len(inside) > 0.25


def test_each_ticket_goes_forward_in_time_and_units_stay_within_their_backdate() -> None:
    for ticket in year().tickets:
        received = instant(ticket.steps[0].body["received_at"])
        times = [step.time for step in ticket.steps]
        assert times == sorted(times), ticket.no
        assert [step.now for step in ticket.steps] == sorted(step.now for step in ticket.steps)
        for step in ticket.steps:
            assert received <= step.time <= step.now, ticket.no
            assert step.now - step.time <= timedelta(minutes=10), ticket.no
            assert step.at is None or step.who in SECTIONS, ticket.no


def test_ordinary_steps_of_desk_and_units_fall_on_workdays_outside_the_lockdown() -> None:
    for ticket in year().tickets:
        if ticket.steps[0].body["urgency"] != "normal":
            continue
        for step in ticket.steps:
            day = step.now.date()
            if not step.is_message and not LOCKDOWN[0] <= day <= LOCKDOWN[1]:
                assert CALENDAR.is_workday(day), (ticket.no, step.name)
                assert 9 <= step.now.hour < 18, (ticket.no, step.name)


def test_every_limit_of_the_first_round_is_kept() -> None:
    for ticket in year().tickets:
        data = ticket.steps[0].body
        start, urgency = instant(data["dispatched_at"]), data["urgency"]
        named = {step.name: step for step in first_round(ticket)}
        taken_in, dispatched = named["triage"], named["dispatch"]
        lead = dispatched.body["lead"]
        accepted = next(s for s in ticket.steps if s.name == "accept" and s.who == lead)
        in_time = MINUTES_TO_ACCEPT.get(urgency)
        latest = (
            dispatched.now + in_time
            if in_time
            else CALENDAR.add_working_time(dispatched.now, timedelta(hours=2))
        )
        due = due_of(data)
        assert taken_in.time <= desk_due(CALENDAR, start, urgency), ticket.no
        assert accepted.time <= latest, ticket.no
        reported = named["feedback"].time
        assert reported <= unit_due(CALENDAR, start, due, workdays=limit_of(data)), ticket.no
        assert named["complete"].time <= due, ticket.no
        reached = [s for s in first_round(ticket) if s.contact is Contact.YIELDS]
        if "caller" in data:
            assert reached[0].time <= contact_due(CALENDAR, start, urgency), ticket.no
        else:
            assert not reached


def test_follow_ups_come_within_two_workdays_and_each_with_a_caller_has_one() -> None:
    for ticket in year().tickets:
        if "caller" not in ticket.steps[0].body:
            assert not steps_named(ticket, "follow-up")
            continue
        asked = steps_named(ticket, "follow-up")[0]
        completed = first(ticket, "complete")
        assert completed.time < asked.time, ticket.no
        assert asked.time <= CALENDAR.end_of_workday_after(completed.time, 2), ticket.no


def test_a_dissatisfied_caller_of_the_desk_opens_a_second_round_and_nobody_else_does() -> None:
    for ticket in year().tickets:
        opened = [s for s in steps_named(ticket, "follow-up") if s.body.get("redo")]
        opened += steps_named(ticket, "ticket.rework")
        assert len(steps_named(ticket, "triage")) == 1 + len(opened), ticket.no
        for step in steps_named(ticket, "follow-up"):
            unhappy = step.body.get("overall") == "dissatisfied" or step.body.get("solved") == "no"
            assert unhappy == bool(step.body.get("redo")), ticket.no


def test_units_get_only_what_their_trade_and_kind_may_do() -> None:
    prefixes = {
        "greening": ("greening", "chengfa-greening"),
        "appearance": ("appearance",),
        "sanitation": ("sanitation", "chengfa-sanitation"),
        "landscape": ("landscape",),
    }
    for ticket in year().tickets:
        data, body = ticket.steps[0].body, first(ticket, "dispatch").body
        units = [body["lead"], *body.get("assists", ())]
        assert len(set(units)) == len(units)
        trade = first(ticket, "triage").body["trade"]
        assert all(unit.startswith(prefixes[trade]) for unit in units), ticket.no
        for step in ticket.steps:
            if step.name == "reply":
                assert step.who not in CONTRACTORS, ticket.no
            if data["is_confidential"] and step.name in {"contact", "reply"}:
                assert step.who == "desk", ticket.no


def test_findings_carry_the_notes_they_need_and_no_others() -> None:
    for ticket in year().tickets:
        for step in steps_named(ticket, "feedback"):
            body = step.body
            plain = {"true", "adopted", "policy_found", None}
            assert ("fact_note" in body) == (body.get("fact_finding") not in plain), ticket.no
            assert ("appeal_note" in body) == (body["appeal_finding"] != "reasonable"), ticket.no
            is_praise = ticket.steps[0].body["appeal_type"] in SOLO
            assert ("fact_finding" not in body) == is_praise, ticket.no


def test_every_ticket_is_marked_as_simulated_and_tells_its_own_story() -> None:
    data = [ticket.steps[0].body for ticket in year().tickets]
    contents = Counter(item["content"] for item in data)

    assert all(item["title"].startswith("「模拟」") for item in data)
    assert all(item["upstream_no"].startswith("SIM-2022") for item in data)
    assert max(contents.values()) <= 3
    assert all(40 <= len(content) <= 300 for content in contents)


def test_no_text_holds_a_number_to_call_and_callers_have_fictitious_ones() -> None:
    for ticket in year().tickets:
        caller = ticket.steps[0].body.get("caller", {})
        assert caller.get("phone", "1990000").startswith("1990000")
        assert caller.get("name", "模拟").endswith("模拟")
        for step in ticket.steps:
            for text in texts_of(step.body):
                if not re.fullmatch(r"[\w:+.-]+|https://\S+", text, re.ASCII):
                    assert not PHONE.search(text), text


def test_no_text_is_longer_than_the_field_it_goes_into() -> None:
    for ticket in year().tickets:
        assert len(ticket.steps[0].body["address"]) <= 256
        for step in ticket.steps:
            if step.name != "ticket.created":
                assert all(len(text) <= 500 for text in texts_of(step.body)), step
            assert all("{" not in text for text in texts_of(step.body)), step


def test_the_station_s_repeats_name_one_root_and_end_before_the_autumn() -> None:
    root = year().station_no
    story = [
        ticket
        for ticket in year().tickets
        if ticket.no == root or ticket.steps[0].body.get("repeat_of") == root
    ]
    data = [ticket.steps[0].body for ticket in story]
    gaps = [ticket.steps[0].now.month for ticket in story]

    assert story[0].no == root
    assert len(story) == 13
    assert "repeat_of" not in data[0]
    assert [item["repeat_of"] for item in data[1:]] == [root] * 12
    assert all(item["is_repeat"] for item in data[1:])
    assert len({item["address"] for item in data}) == 1
    assert max(gaps) == 9
    assert sum(month <= 7 for month in gaps) > 2 * sum(month > 7 for month in gaps)
    visitors = {step.who for ticket in story for step in steps_named(ticket, "site-visit")}
    assert visitors == {"leader", "sanitation-section"}
    for ticket in story:
        report = first(ticket, "feedback").body
        assert report["fact_finding"] in {"true", "partly_true"}
        assert report["appeal_finding"] == "excessive"


def test_ranks_give_five_months_in_the_top_three_with_november_first() -> None:
    ranks = {step.body["period"]: step.body["rank"] for step in year().ranks}

    assert len(ranks) == 12
    assert ranks["2022-11"] == 1
    assert all(ranks[f"2022-{month:02d}"] <= 3 for month in range(7, 12))
    assert all(4 <= ranks[f"2022-{month:02d}"] <= 9 for month in (1, 2, 3, 4, 5, 6))
    assert ranks["2022-12"] == 4
    for step in year().ranks:
        assert f"{step.now:%Y-%m}" > step.body["period"]


def test_the_whole_year_lies_between_new_year_2022_and_the_middle_of_january() -> None:
    times = [step.now for ticket in year().tickets for step in ticket.steps]

    assert min(times) > datetime(2022, 1, 1, tzinfo=CITY_ZONE)
    assert max(times) < datetime(2023, 1, 20, tzinfo=CITY_ZONE)


def figure(value: str | None, num: str, den: int) -> dict[str, Any]:
    return {"num": num, "den": den, "value": value, "excluded": {}}


def score_row(key: str, name: str) -> dict[str, Any]:
    perfect = dict.fromkeys(PERFECT, figure("100.00", "1650", 1650))
    strict = {"actual_resolution_rate": figure("78.97", "1374", 1740)}
    rated = {"satisfaction_score": figure("94.17", "142.2", 151)}
    return {"key": key, "name": name, "intake": 1762, "metrics": {**perfect, **strict, **rated}}


def sample_report() -> Report:
    root = {
        "no": "T20220216-000001",
        "address": "静安区示例路168号垃圾压缩站",
        "street": "芷江西路街道",
        "state": "archived",
        "received_at": "2022-02-16T06:20:00+08:00",
        "feedback": {"fact_finding": "true", "appeal_finding": "excessive"},
    }
    repeat = root | {"no": "T20220928-000001", "received_at": "2022-09-28T06:11:00+08:00"}
    rows = (score_row("sanitation", "环卫"), score_row("greening", "绿化"))
    empty = {"intake": 0, "metrics": {"satisfaction_score": figure(None, "0", 0)}}
    ranks = [
        {"period": f"2022-{month:02d}", "rank": 3, "of": 16, "score": "91.20"}
        for month in range(7, 12)
    ]
    return Report(
        total=score_row("total", "合计"),
        scheme="ja-default 第 1 版",
        calendar_version="2022.1",
        months=(("2022-01", empty), ("2022-11", score_row("total", "合计"))),
        units=rows,
        trades=rows,
        streets=rows,
        ranks=tuple(ranks),
        streak_top3=5,
        story=Story(root, (repeat,), 9),
    )


def test_the_scoreboard_fits_a_hundred_columns_and_says_it_is_simulated() -> None:
    console = Console(width=100, record=True, file=io.StringIO(), highlight=False)

    print_report(sample_report(), console)
    lines = console.export_text().splitlines()
    shown = "\n".join(lines)

    assert max(cell_len(line) for line in lines) <= 100
    for words in ("【模拟数据】", "1,762 件", "100.00", "1650/1650", "78.97", "连续 5 个月", "—"):
        assert words in shown
