"""The slow calculation is itself held to the test vector of domain §8, from logs made by hand."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.scoring import oracle
from tests.scoring.oracle.adding import Key, Sums, add_up, find_all, shown
from tests.scoring.oracle.retelling import RawEntry, Ticket, retell
from tests.scoring.oracle.scoring import JA, QP, Line, lines, value

NOW = datetime(2026, 12, 31, tzinfo=UTC)
CONTACTS = ["yes"] * 7 + ["no"] + ["unrated"] * 2
VALUATIONS = ["resolved"] * 6 + ["explained"] * 3 + ["other"]
RATINGS = (
    ["satisfied"] * 4 + ["mostly_satisfied"] * 2 + ["neutral", "dissatisfied", "unrated", "unrated"]
)
KINDS = {"sanitation-section": "section", "greening-section": "section"}
RATES = {
    "first_contact_rate": "87.50",
    "first_contact_rate_ops": "100.00",
    "on_time_completion_rate": "90.00",
    "on_time_completion_rate_closed": "90.00",
    "timely_reply_rate": "90.00",
    "actual_resolution_rate": "66.67",
    "actual_resolution_rate_explained_counts": "100.00",
    "satisfaction_score": "77.50",
    "rework_rate": "0.00",
}


def clock(name: str, due: str, unit: str | None = None, outcome: str = "met") -> dict[str, Any]:
    return {
        "name": name,
        "round": 1,
        "ordinal": 1,
        "unit": unit,
        "due": f"2026-11-{due}+08:00",
        "outcome": outcome,
    }


def log(number: int, unit: str, *events: tuple[str, str, dict[str, Any]]) -> list[RawEntry]:
    """Received on the 2nd, for `unit`, and what the test tells: type, when, data."""
    received = {
        "no": f"T20261102-{number:06d}",
        "source": "city-12345",
        "received_at": "2026-11-02T09:00:00+08:00",
        "street": "大宁路街道",
        "appeal_type": "complaint",
        "need_reply": True,
        "is_anonymous": False,
        "has_phone": True,
    }
    told = [
        ("ticket.received", "02T09:00", received),
        ("ticket.dispatched", "02T10:00", {"lead": unit}),
        *events,
    ]
    entries = [
        {
            "seq": seq,
            "type": kind,
            "occurred_at": datetime.fromisoformat(f"2026-11-{at}:00+08:00"),
            "recorded_at": datetime.fromisoformat(f"2026-11-{at}:00+08:00"),
            "data": data,
            "clocks": [],
        }
        for seq, (kind, at, data) in enumerate(told, start=1)
    ]
    entries[0]["clocks"] = [
        clock("first_contact", "03T23:59:59"),
        clock("complete", "09T23:59:59"),
        clock("reply", "09T23:59:59"),
    ]
    return entries


def vector() -> list[Ticket]:
    """Ten of one section, the last of them late; thirty more that another one received."""
    told = []
    for n in range(10):
        done = "12" if n == 9 else "05"
        follow_up = {"level": "bureau", "reached": "yes"}
        events: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("ticket.feedback_submitted", f"{done}T09:00", {"case_valuation": VALUATIONS[n]}),
            ("ticket.replied", f"{done}T10:00", {}),
            ("ticket.completed", f"{done}T11:00", {}),
            (
                "ticket.followed_up",
                "13T10:00",
                {**follow_up, "first_contact": CONTACTS[n], "overall": RATINGS[n]},
            ),
        )
        told.append(retell(log(n, "sanitation-section", *events), NOW))
    told += [retell(log(n, "greening-section"), NOW) for n in range(10, 40)]
    return [ticket for ticket in told if ticket is not None]


def rows_of(tickets: list[Ticket]) -> dict[Key, Sums]:
    return shown(add_up(find_all(tickets, NOW), "2026-11", "unit", now=NOW))


def line_of(scheme: str) -> Line:
    return lines(rows_of(vector()), scheme, KINDS)["sanitation-section"]


def test_the_vector_gives_the_rates_of_the_reference() -> None:
    sums = rows_of(vector())["sanitation-section"]

    assert {metric: str(value(sums, metric)) for metric in RATES} == RATES


def test_the_vector_gives_the_composites_of_the_reference() -> None:
    ja, qp = line_of(JA), line_of(QP)

    assert (str(qp.composite), str(qp.score)) == ("78.50", "78.50")
    assert (str(ja.composite), str(ja.score)) == ("81.71", "80.71")
    assert ja.rank == 1


def test_a_unit_nobody_was_asked_about_has_a_composite_over_the_rest() -> None:
    sums = rows_of(vector())["greening-section"]

    assert (value(sums, "satisfaction_score"), value(sums, "first_contact_rate")) == (None, None)
    assert str(lines({"greening-section": sums}, JA, KINDS)["greening-section"].composite) == "0.00"


def test_it_imports_nothing_of_the_project_but_itself() -> None:
    foreign = [
        line
        for path in Path(oracle.__file__).parent.glob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if line.startswith(("import ", "from "))
        and line.split()[1].split(".")[0] not in sys.stdlib_module_names
        and not line.startswith("from tests.scoring.oracle.")
        and not line.startswith("from tests.scoring.oracle import ")
    ]

    assert foreign == []


def test_nothing_is_known_beyond_the_instant_asked_about() -> None:
    entries = log(1, "sanitation-section", ("ticket.voided", "20T09:00", {}))

    then = retell(entries, datetime(2026, 11, 20, tzinfo=UTC))
    now = retell(entries, NOW)

    assert then is not None
    assert now is not None
    assert (then.is_gone, now.is_gone) == (False, True)
    assert retell(entries, datetime(2026, 11, 1, tzinfo=UTC)) is None
