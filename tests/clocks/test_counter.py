"""The engine against a counter that shares no code with it. `make clocks` runs all 100 000."""

import ast
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.domain import dial, limits
from shared.domain.calendar import CITY_ZONE, WorkCalendar
from shared.domain.pauses import Pause
from tests.clocks import compare, counter, engine
from tests.conftest import Tell

CASES = 6_000
INDEPENDENT = ("counter", "oracle", "courses")


def test_the_engine_and_the_counter_agree_on_every_clock(
    tell: Tell,
) -> None:
    report = compare.compare(range(CASES))

    tell(f"{report.cases} 例，{report.clocks} 个时限逐一比对，{report.stepped} 例另行逐步推算")
    assert report.different == []
    assert (report.cases, report.stepped) == (CASES, CASES // compare.STEPPED_EVERY)
    assert report.clocks > CASES * 10


@pytest.mark.parametrize("name", INDEPENDENT)
def test_the_counter_imports_nothing_of_ours(name: str) -> None:
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text("utf-8"))
    imported = {
        node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert not {one for one in imported if one.startswith(("shared", "services"))}
    assert {one for one in imported if one.startswith("tests")} <= {
        "tests.clocks",
        "tests.clocks.counter",
        "tests.clocks.oracle",
    }


def _no_make_up_day(monkeypatch: pytest.MonkeyPatch) -> None:
    official = engine.CALENDAR.exceptions
    rest_only = {day: counts for day, counts in official.items() if not counts}
    _use(monkeypatch, WorkCalendar(version="broken", exceptions=rest_only))


def _no_lunch(monkeypatch: pytest.MonkeyPatch) -> None:
    (opens, _), (_, closes) = engine.CALENDAR.hours
    exceptions = engine.CALENDAR.exceptions
    _use(monkeypatch, WorkCalendar("broken", exceptions, hours=((opens, closes),)))


def _window_a_minute_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = limits.parse_window
    longer = {"08:30-17:30": "08:30-17:31", "06:00-24:00": "06:00-24:00"}
    monkeypatch.setattr(engine, "parse_window", lambda text: parse(longer[text]))


def _a_pause_a_second_short(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(reason: str, start: datetime, end: datetime) -> Pause:
        return Pause(reason, start, end - timedelta(seconds=1))

    monkeypatch.setattr(engine, "Pause", hasty)


def _the_lead_time_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "unit_due", lambda start, due, calendar: due)


def _changes_pass_unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial.Dial, "reset", lambda self: None)


def _use(monkeypatch: pytest.MonkeyPatch, calendar: WorkCalendar) -> None:
    monkeypatch.setattr(engine, "CALENDAR", calendar)


@pytest.mark.parametrize(
    "break_it",
    [
        _no_make_up_day,
        _no_lunch,
        _window_a_minute_longer,
        _a_pause_a_second_short,
        _the_lead_time_lost,
        _changes_pass_unnoticed,
    ],
)
def test_an_engine_that_errs_is_found_out(
    break_it: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it(monkeypatch)

    assert compare.compare(range(2_000)).different


def test_the_counter_reads_the_notice_of_2026() -> None:
    received = counter.at_local("2026-09-30", "16:00")

    assert counter.end_of_workday(received, 5) == counter.at_local("2026-10-13", "23:59:59")
    assert counter.local(received).replace(tzinfo=CITY_ZONE) == engine.moment(received)
