"""The figures of one period by unit from every other place they can be read.

The view of figures; and the rows of the view of facts, of the feed's pages and of the file, each
added up here once more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

from tests.scoring.comparing import Report, cell_of, read_cell
from tests.scoring.oracle.adding import Sum, add_up, find_all, shown
from tests.scoring.oracle.judging import COUNTS
from tests.scoring.reading import download, pull
from tests.scoring.world import NOW, World

Cell = tuple[Decimal, int, dict[str, int]]
Cells = dict[tuple[str | None, str], Cell]  # by unit and metric
NOTHING: Cell = (Decimal(0), 0, {})


@dataclass(frozen=True)
class Sources:
    """Everything as read, once. `months`: which column puts a round into a month, by metric."""

    scores: list[Mapping[str, Any]]
    facts: Mapping[str, list[Mapping[str, Any]]]
    months: Mapping[str, str]

    def cells(self, month: str) -> dict[str, Cells]:
        found = {"bi_v1.scores": told(self.scores, month)}
        for name, rows in self.facts.items():
            found[name] = counted(rows, month, self.months)
        return found


async def read_sources(world: World, url: str) -> Sources:
    """`url`: of the database, for who may take the reports' role."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "INSERT INTO bi_readers (bureau_id, role_name) VALUES (1, 'minhu_bi')"
            " ON CONFLICT DO NOTHING"
        )
        await connection.execute("SET SESSION AUTHORIZATION minhu_bi")
        scores = await connection.fetch("SELECT * FROM bi_v1.scores WHERE by = 'unit'")
        facts = await connection.fetch("SELECT * FROM bi_v1.facts")
        metrics = await connection.fetch("SELECT metric, month_column FROM bi_v1.metrics")
    finally:
        await connection.close()
    pages, _ = await pull(world.client, world.keys["leader"], limit=200)
    lines, _ = await download(world.client, world.keys["leader"])
    return Sources(
        [dict(row) for row in scores],
        {"bi_v1.facts": [dict(row) for row in facts], "json": [*pages], "csv": [*lines]},
        {row["metric"]: row["month_column"] for row in metrics},
    )


def told(rows: Iterable[Mapping[str, Any]], month: str) -> Cells:
    """A plain count has no denominator: it is its own."""
    found: Cells = {}
    for row in rows:
        if row["month"] == month:
            den = int(row["num"]) if row["den"] is None else row["den"]
            cell = (Decimal(row["num"]), den, orjson.loads(row["excluded"]))
            found[row["key"], row["metric"]] = cell
    return found


def counted(rows: Iterable[Mapping[str, Any]], month: str, months: Mapping[str, str]) -> Cells:
    """From rows of facts, be they typed or text; one that came again replaces the earlier."""
    latest = {(row["no"], str(row["round"])): row for row in rows}
    sums: dict[tuple[str | None, str], Sum] = {}
    for row in latest.values():
        for metric, column in months.items():
            what = worth_of(row, metric)
            if row[column] == month and what is not None:
                key = (row["unit"] or None, metric)
                sums.setdefault(key, Sum()).add(row["no"], int(row["round"]), what)
    return {key: (Decimal(one.tenths) / 10, one.den, one.excluded) for key, one in sums.items()}


def worth_of(row: Mapping[str, Any], metric: str) -> int | str | None:
    """In tenths, or why it is left out; None where the round is not the metric's business."""
    if metric in COUNTS:
        return 10 if str(row[metric]) == "1" else None
    if row[metric] not in (None, ""):
        return int(Decimal(row[metric]) * 10)
    reason = row[f"{metric}_excluded"]
    return str(reason) if reason else None


async def compare_everywhere(world: World, report: Report, sources: Sources, month: str) -> None:
    """Every rate, and every plain count, of every unit."""
    then, tickets = world.known(None)
    rows = shown(add_up(find_all(tickets, then), month, "unit", now=NOW))
    sheet = await world.get("/v1/scores", {"period": month})
    shows: Cells = {}
    for row in sheet["rows"]:
        for metric, cell in row["metrics"].items():
            num, den, _, excluded = read_cell(cell)
            shows[row["key"], metric] = (num, den, excluded)
    read = sources.cells(month)
    for name, cells in read.items():
        units = {key for key, _ in cells} | set(rows)
        for unit in units:
            for metric in sources.months:
                expected = cell_of(rows.get(unit, {}), metric)
                place = (name, month, unit, metric)
                figure = cells.get((unit, metric), NOTHING)
                report.compare(place, (expected[0], expected[1], expected[3]), figure)
                if metric not in COUNTS:
                    report.compare((*place, "sheet"), shows.get((unit, metric), NOTHING), figure)
