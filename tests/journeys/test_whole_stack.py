"""The stack as a user starts it: a late year, and everything gone at the end."""

import signal
from pathlib import Path

import httpx

from shared.domain.official import load_official_calendar
from shared.sandbox.year.driver import drive_year
from shared.sandbox.year.plan import plan_year
from shared.sandbox.year.ready import read_stack
from shared.sandbox.year.report import read_report
from tests.journeys.stack import GONE_SECONDS, answers, sandbox

TICKETS = 60
LATE = 10


def test_ten_late_tickets_bring_the_on_time_rate_below_a_hundred(tmp_path: Path) -> None:
    plan = plan_year(load_official_calendar(), tickets=TICKETS, late=LATE)
    with sandbox(tmp_path) as (_, ready, _):
        drive_year(plan, ready)
        key = {"Authorization": f"Bearer {ready['keys']['leader']}"}
        url = f"{ready['scoring']}/v1/scores?period=2022&by=unit"
        total = httpx.get(url, headers=key).json()["total"]
        report = read_report(read_stack(ready))

    rate = total["metrics"]["on_time_completion_rate"]
    assert rate["den"] - int(rate["num"]) == LATE
    assert float(rate["value"]) < 100
    assert total["intake"] == TICKETS
    assert report is not None


def test_one_signal_takes_the_whole_stack_along(tmp_path: Path) -> None:
    with sandbox(tmp_path) as (ready, facts, process):
        for service in ("intake", "dispatch", "scoring"):
            assert httpx.get(f"{facts[service]}/readyz").json()["status"] == "ready"
        assert ready.stat().st_mode & 0o077 == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=GONE_SECONDS) == 0
        assert not ready.exists()
        assert not any(answers(facts[service]) for service in ("intake", "dispatch", "scoring"))
