"""The alert rules against their own tests, and against what `/metrics` really tells."""

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from shared.tickets import Hotline
from tests.alerts.rules import FOLDER, ROOT, Case, firing, load, load_cases, load_rules
from tests.conftest import BUREAU, Tell

RULES = load_rules()
CASES = load_cases()
METRIC = re.compile(r"\b(minhu_\w+)")
ALERTS = (ROOT / "docs" / "alerts.md").read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.at:.0f}s")
def test_a_rule_fires_when_its_test_says_so_and_in_these_words(case: Case) -> None:
    assert firing(RULES[case.rule], case) == list(case.expected)


def test_every_rule_is_seen_firing_and_silent_with_the_fault_and_without_it(tell: Tell) -> None:
    seen: dict[str, set[bool]] = defaultdict(set)
    for case in CASES:
        seen[case.rule].add(bool(case.expected))

    assert dict(seen) == {name: {True, False} for name in RULES}
    tell(f"{len(RULES)} rules, {len(CASES)} expectations")


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_did_not_wait_would_be_noticed(name: str) -> None:
    hasty = replace(RULES[name], wait=0.0)
    cases = [case for case in CASES if case.rule == name]

    assert any(firing(hasty, case) != list(case.expected) for case in cases)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_in_chinese_what_is_wrong_and_where_it_is_written_what_to_do(name: str) -> None:
    rule = RULES[name]

    assert re.search("[\u4e00-\u9fff]", rule.annotations["summary"])
    assert rule.annotations["runbook"] == f"docs/alerts.md#{name.lower()}"
    assert f"\n### {name}\n" in ALERTS
    assert rule.labels["severity"] in ("page", "warn")


async def test_every_metric_that_a_rule_names_is_told_by_a_service(
    dispatch: AsyncClient, hotline: Hotline
) -> None:
    """Those that speak only of a fault are given one."""
    async with hotline.database.transaction(BUREAU) as tx:
        await tx.run(
            text(
                "INSERT INTO workers (worker_id, machine, pid, started_at, beat_at, drained_at,"
                " failing) VALUES (gen_random_uuid(), 'x', 1, clock_timestamp(),"
                ' clock_timestamp(), clock_timestamp(), \'{"alarms": "KeyError"}\')'
            )
        )
        await tx.run(
            text(
                "INSERT INTO deliveries (bureau_id, stream_id, seq, subscriber, event_type)"
                " VALUES (1, 1, 1, 'scoring', 'ticket.received')"
            )
        )
        await tx.run(
            text(
                "INSERT INTO raw_messages (bureau_id, message_id, source, webhook_id, digest,"
                " stream_id, received_at, state) VALUES (1, gen_random_uuid(), 'city-12345', 'x',"
                " '', -1, now(), 'waiting')"
            )
        )
        await tx.run(
            text(
                "INSERT INTO endpoints (bureau_id, subscriber, disabled_at, disabled_because)"
                " VALUES (1, 'callback:city-12345', now(), 'gone')"
            )
        )
        await tx.run(
            text(
                "INSERT INTO reconciliation_cases (bureau_id, case_id, version, source,"
                " upstream_no, kind, day, state, fields, first_seen_on, last_seen_on, opened_at)"
                " VALUES (1, gen_random_uuid(), 1, 'city-12345', 'x', 'missing_here', now(),"
                " 'open', '{}', now(), now(), now())"
            )
        )
    await dispatch.get("/livez")

    told = (await dispatch.get("/metrics")).text
    samples = {re.split(r"[{ ]", line)[0] for line in told.splitlines() if line[:1] != "#"}
    named = {metric for rule in RULES.values() for metric in METRIC.findall(rule.expr)}

    assert named - samples == set()
    assert len(named) > 10


def test_the_example_of_a_scrape_names_the_rules_and_the_job_they_ask_for() -> None:
    example = load(FOLDER / "prometheus.example.yml")

    assert example["rule_files"] == ["minhu.rules.yml"]
    assert [one["job_name"] for one in example["scrape_configs"]] == ["minhu"]
    assert (FOLDER / Path(example["rule_files"][0])).exists()
