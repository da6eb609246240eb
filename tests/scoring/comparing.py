"""Every figure of an answer against the slow calculation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.scoring.oracle import adding, judging, scoring
from tests.scoring.oracle.adding import Sum, Sums
from tests.scoring.oracle.scoring import Line

SHOWN = 8


@dataclass
class Report:
    """`figures`: cells and row values compared; `different`: the first words on each difference."""

    answers: int = 0
    figures: int = 0
    different: list[str] = field(default_factory=list)

    def compare(self, place: object, expected: object, answered: object) -> None:
        self.figures += 1
        if expected != answered:
            self.different.append(f"{place}\n  counted  {expected}\n  answered {answered}")

    def told(self) -> str:
        return "\n".join(
            [
                (f"{self.answers:,} answers, " if self.answers else "")
                + f"{self.figures:,} figures compared, {len(self.different)} different",
                *self.different[:SHOWN],
            ]
        )


@dataclass(frozen=True)
class Asked:
    """One question to `GET /v1/scores`. `known_at` None: all that is known now.

    `unit`: who asks, None is the leader.
    """

    period: str
    by: str
    scheme: str
    known_at: datetime | None
    adjusted: bool
    emergency: bool
    unit: str | None = None

    @property
    def params(self) -> dict[str, str]:
        given = {"period": self.period, "by": self.by, "scheme": self.scheme}
        if self.known_at is not None:
            given["known_at"] = self.known_at.isoformat()
        if not self.adjusted:
            given["adjusted"] = "false"
        if not self.emergency:
            given["emergency"] = "exclude"
        return given


def compare_answer(
    report: Report,
    asked: Asked,
    body: Mapping[str, Any],
    groups: dict[adding.Key, Sums],
    kinds: Mapping[str, str],
) -> None:
    report.answers += 1
    rows = adding.shown(groups)
    tiers = kinds if asked.by == "unit" else {}
    lines = scoring.lines(rows, asked.scheme, tiers)
    if asked.by == "unit" and asked.unit is not None:
        rows = {key: sums for key, sums in rows.items() if key == asked.unit}
        lines = {key: line for key, line in lines.items() if key == asked.unit}
    answered = {row["key"]: row for row in body["rows"]}
    report.compare((asked, "rows in all"), len(rows), len(body["rows"]))
    report.compare((asked, "rows"), set(rows), set(answered))
    for key in rows.keys() & answered.keys():
        compare_row(report, (asked, key), rows[key], lines[key], answered[key])
    whole = adding.total(rows)
    line = scoring.total_line(whole, asked.scheme, lines)
    compare_row(report, (asked, "total"), whole, line, body["total"])


def compare_row(
    report: Report, place: object, sums: Sums, line: Line, row: Mapping[str, Any]
) -> None:
    report.compare((place, "intake"), scoring.count(sums, "intake"), row["intake"])
    for metric, cell in row["metrics"].items():
        report.compare((place, metric), cell_of(sums, metric), read_cell(cell))
    unknown = {name for name in sums if name not in judging.COUNTS} - set(row["metrics"])
    report.compare((place, "metrics left out"), set(), unknown)
    for name in ("composite", "score"):
        expected = getattr(line, name)
        report.compare((place, name), None if expected is None else f"{expected:.2f}", row[name])
    report.compare((place, "rank"), (line.rank, line.tier), (row["rank"], row["tier"]))
    points = {one["rule"]: (Decimal(one["points"]), one["tickets"]) for one in row["adjustments"]}
    report.compare((place, "adjustments"), line.points, points)


Cell = tuple[Decimal, int, str | None, dict[str, int]]


def cell_of(sums: Sums, metric: str) -> Cell:
    one = sums.get(metric, Sum())
    value = scoring.value(sums, metric)
    shown = None if value is None else f"{value:.2f}"
    return Decimal(one.tenths) / 10, one.den, shown, one.excluded


def read_cell(cell: Mapping[str, Any]) -> Cell:
    return Decimal(cell["num"]), cell["den"], cell["value"], cell["excluded"]
