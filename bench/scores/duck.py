"""DuckDB over the same facts, as parquet: what a month by unit costs there, and whether it agrees.

Its SQL is written from the meaning of the figures (domain §8), not from our code.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import duckdb
from sqlalchemy import BigInteger, Boolean, DateTime, Integer

from services.scoring.rules.periods import Period
from shared.models import facts

TIMES = 5
Figures = dict[tuple[str, str], tuple[Decimal, int]]
# Of what falls due, a round still open counts once its due has come.
BY_DUE = "(completed_at IS NOT NULL OR {0} <= $known)"
WITHIN = "{0} >= $start AND {0} < $finish"
MET = "(contact_outcome IN ('met', 'unreached') OR list_contains(appeals, 'clock:first_contact'))"
REPLIED = "(replied_at <= reply_due OR list_contains(appeals, 'clock:reply'))"
COMPLETED = "(completed_at <= complete_due OR list_contains(appeals, 'clock:complete'))"
RATED = (
    f"{WITHIN.format('completed_at')} AND reached = 'yes'"
    " AND NOT list_contains(appeals, 'follow_up')"
)
# Each: what is in the denominator, and what it adds to the numerator.
METRICS: Mapping[str, tuple[str, str]] = {
    "on_time_completion_rate": (
        f"{WITHIN.format('complete_due')} AND {BY_DUE.format('complete_due')}",
        f"CASE WHEN {COMPLETED} THEN 1 ELSE 0 END",
    ),
    "first_contact_rate_ops": (
        f"contact_outcome IS DISTINCT FROM 'exempt' AND {WITHIN.format('contact_due')}"
        f" AND {BY_DUE.format('contact_due')}",
        f"CASE WHEN {MET} THEN 1 ELSE 0 END",
    ),
    "timely_reply_rate": (
        f"{WITHIN.format('reply_due')} AND {BY_DUE.format('reply_due')}"
        " AND need_reply AND has_caller",
        f"CASE WHEN {REPLIED} THEN 1 ELSE 0 END",
    ),
    "actual_resolution_rate": (
        f"{WITHIN.format('completed_at')} AND case_valuation IN ('resolved', 'explained')",
        "CASE WHEN case_valuation = 'resolved' THEN 1 ELSE 0 END",
    ),
    "satisfaction_score": (
        f"{RATED} AND overall <> 'unrated'",
        "CASE overall WHEN 'satisfied' THEN 1 WHEN 'mostly_satisfied' THEN 0.8"
        " WHEN 'neutral' THEN 0.6 ELSE 0 END",
    ),
    "first_contact_rate": (
        f"{RATED} AND rated_contact <> 'unrated'",
        "CASE WHEN rated_contact = 'yes' THEN 1 ELSE 0 END",
    ),
}


@dataclass(frozen=True, slots=True)
class Duck:
    """Seconds; `size` of the parquet file in bytes."""

    export: float
    asked: float
    size: int
    figures: Figures


def type_of(column: Any) -> str:
    match column.type:
        case DateTime():
            return "TIMESTAMP"
        case Boolean():
            return "BOOLEAN"
        case BigInteger():
            return "BIGINT"
        case Integer():
            return "INTEGER"
        case _:
            return "VARCHAR"


async def ask_duck(database_url: str, folder: Path, period: Period, known_at: datetime) -> Duck:
    """`known_at`: up to when the figures to compare with were known."""
    began = time.perf_counter()
    table, parquet = folder / "facts.csv", folder / "facts.parquet"
    columns = {column.name: type_of(column) for column in facts.columns}
    chosen = ", ".join(
        f"{name} AT TIME ZONE 'UTC' AS {name}" if kind == "TIMESTAMP" else name
        for name, kind in columns.items()
    )
    connection = await asyncpg.connect(database_url)
    await connection.copy_from_query(
        f"SELECT {chosen} FROM facts", output=table, format="csv", header=True
    )
    await connection.close()
    duck = duckdb.connect()
    duck.execute(
        "COPY (SELECT * REPLACE (string_split(coalesce(appeals, ''), ' ') AS appeals)"
        f" FROM read_csv('{table}', header = true, columns = {columns}))"
        f" TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)"
    )
    export = time.perf_counter() - began
    values = {
        "start": _naive(period.start),
        "finish": _naive(period.end),
        "known": _naive(known_at),
    }
    spent, rows = [], list[Any]()
    for _ in range(TIMES):
        asked_at = time.perf_counter()
        rows = duck.execute(make_query(parquet), values).fetchall()
        spent.append(time.perf_counter() - asked_at)
    return Duck(export, median(spent), parquet.stat().st_size, read_figures(rows))


def make_query(parquet: Path) -> str:
    counted = ", ".join(
        f"sum(({worth})::DECIMAL(4, 1)) FILTER ({condition}), count(*) FILTER ({condition})"
        for condition, worth in METRICS.values()
    )
    return (
        f"SELECT unit, {counted} FROM '{parquet}'"
        " WHERE removed IS NULL AND excluded_for IS NULL GROUP BY unit"
    )


def read_figures(rows: list[Any]) -> Figures:
    return {
        (row[0], name): (Decimal(row[1 + 2 * place] or 0), row[2 + 2 * place])
        for row in rows
        for place, name in enumerate(METRICS)
        if row[2 + 2 * place]
    }


def sheet_figures(sheet: Mapping[str, Any]) -> Figures:
    """The same of our own answer."""
    return {
        (row["key"], name): (Decimal(str(row["metrics"][name]["num"])), row["metrics"][name]["den"])
        for row in sheet["rows"]
        for name in METRICS
        if row["metrics"][name]["den"]
    }


def _naive(at: datetime) -> datetime:
    """UTC without saying so, as the file holds it: a zone would need one more package."""
    return at.astimezone(UTC).replace(tzinfo=None)
