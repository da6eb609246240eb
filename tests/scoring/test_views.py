"""The views `bi_v1.*`: the same figures as the API, for a role that sees nothing else."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import asyncpg
import orjson
import pytest
from httpx import AsyncClient

from services.scoring.exports.columns import COLUMNS, KEY, Kind
from services.scoring.exports.views import GROUPS, SCHEMA, statements
from services.scoring.rules.metrics import METRICS, RATES
from services.scoring.rules.tallies import Figure
from services.scoring.rules.verdicts import Verdict
from shared.db.policies import READERS
from shared.domain import events
from shared.domain.words import AppealVerdict, ExclusionReason
from shared.settings import Settings
from tests.conftest import Stack
from tests.isolation.reading import reader
from tests.scoring.conftest import Fold, Write
from tests.scoring.histories import History, completed
from tests.scoring.november import greening_five, sanitation_vector, undispatched
from tests.scoring.reading import download, pull

Keys = Mapping[str, str]
Row = Mapping[str, Any]
Figures = dict[tuple[str, str | None, str], tuple[Decimal, int, dict[str, int]]]
MONTH = "2026-11"
NOVEMBER = "SELECT * FROM bi_v1.scores WHERE month = '2026-11'"


def appealed() -> History:
    """Rated well; the unit has asked all the same not to count the follow-up."""
    rated = completed(no="T20261118-000801").follow_up("11-26 10:00")
    asked = events.AppealRequested(AppealVerdict.FOLLOW_UP, 1, "sanitation-section")
    decided = events.AppealDecided(AppealVerdict.FOLLOW_UP, 1, granted=True)
    return rated.add("11-26 11:00", asked).add("11-27 09:00", decided)


def left_out() -> History:
    reason = ExclusionReason.MALICIOUS
    asked = events.ExclusionRequested(reason)
    decided = events.ExclusionDecided(granted=True, reason_code=reason)
    return completed(no="T20261118-000802").add("11-26 11:00", asked).add("11-27 09:00", decided)


def voided() -> History:
    return completed(no="T20261118-000803").add("11-27 09:00", events.TicketVoided())


def in_work() -> History:
    """Its reply is due in November, its completion not until long after."""
    return History("12-30 09:00", no="T20261230-000804").triage("12-30 09:40")


@pytest.fixture
async def november(year_end: None, write: Write, fold: Fold) -> None:
    odd = [appealed(), left_out(), voided(), in_work(), undispatched()]
    await write([*sanitation_vector(), *greening_five(), *odd])
    await fold()


@asynccontextmanager
async def reporting(stack: Stack, settings: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection of one who reads the reports of the whole bureau."""
    async with reader(stack, settings.database_url.rsplit("/", 1)[1]) as connection:
        yield connection


async def test_a_figure_is_the_same_wherever_it_is_read(
    scoring: AsyncClient, keys: Keys, november: None, stack: Stack, settings: Settings
) -> None:
    """The sheet, the view of scores, the view of facts, the pages of the feed and the file."""
    async with reporting(stack, settings) as connection:
        scores = await connection.fetch(NOVEMBER)
        facts = [dict(row) for row in await connection.fetch("SELECT * FROM bi_v1.facts")]
    pages, _ = await pull(scoring, keys["leader"])
    lines, _ = await download(scoring, keys["leader"])
    of_view = {
        by: {key: value for key, value in figures_of(scores).items() if key[0] == by}
        for by in GROUPS
    }

    differences = 0
    for by in [by for by in GROUPS if by != "total"]:
        sheet = await sheet_of(scoring, keys, by)
        assert len(sheet) >= len(RATES)
        for counted in (of_view[by], add_up(facts, by), add_up(pages, by), add_up(lines, by)):
            rates = {key: value for key, value in counted.items() if key[2] in RATES}
            differences += sum(rates.get(key) != value for key, value in sheet.items())
            differences += len(rates.keys() - sheet.keys())
    assert differences == 0


async def sheet_of(client: AsyncClient, keys: Keys, by: str) -> Figures:
    """Every figure of /v1/scores in which a round is counted or left out."""
    answer = await client.get(
        "/v1/scores",
        params={"period": MONTH, "by": by},
        headers={"Authorization": f"Bearer {keys['leader']}"},
    )
    return {
        (by, row["key"], metric): (Decimal(figure["num"]), figure["den"], figure["excluded"])
        for row in answer.json()["rows"]
        for metric, figure in row["metrics"].items()
        if figure["den"] or figure["excluded"]
    }


def figures_of(rows: Iterable[Row]) -> Figures:
    return {
        (row["by"], row["key"], row["metric"]): (
            row["num"],
            row["den"] or 0,
            orjson.loads(row["excluded"]),
        )
        for row in rows
    }


def add_up(rows: Sequence[Row], by: str) -> Figures:
    """What a report would count from rows of facts, be they typed or text."""
    found: dict[tuple[str, str | None, str], Figure] = defaultdict(Figure)
    for row in rows:
        for metric in METRICS:
            if metric.id not in RATES or row[f"{metric.dated.value}_month"] != MONTH:
                continue
            worth, reason = row[metric.id], row[f"{metric.id}_excluded"]
            if worth not in (None, ""):
                found[by, key_of(row, by), metric.id].add(Verdict(Decimal(worth)))
            elif reason:
                found[by, key_of(row, by), metric.id].add(Verdict(None, reason))
    return {key: (one.num, one.den, one.excluded) for key, one in found.items()}


def key_of(row: Row, by: str) -> str | None:
    if by in ("section", "executor"):
        return f"{row['unit']}/{row[by]}" if row["unit"] and row[by] else None
    return row[by] or None


async def test_the_view_shows_the_reference_vector_and_counts(
    november: None, stack: Stack, settings: Settings
) -> None:
    async with reporting(stack, settings) as connection:
        rows = await connection.fetch(f"{NOVEMBER} AND key = 'sanitation-section'")
        of_unit = {row["metric"]: row for row in rows if row["by"] == "unit"}
        intake = await connection.fetch(f"{NOVEMBER} AND metric = 'intake' AND by = 'total'")
        ranks = await connection.fetch("SELECT * FROM bi_v1.city_ranks")
        units = await connection.fetch("SELECT unit_id, kind FROM bi_v1.units")

    value = {name: row["value"] for name, row in of_unit.items()}
    assert value["overdue_count"] is None
    assert (of_unit["overdue_count"]["num"], of_unit["overdue_count"]["den"]) == (1, None)
    assert [(row["num"], row["excluded"]) for row in intake] == [(18, "{}")]
    assert ranks == []
    assert ("sanitation-section", "section") in [(row[0], row[1]) for row in units]
    # The ten of the vector and the two that were appealed against and left out.
    assert str(value["first_contact_rate"]) == "87.50"
    assert str(value["actual_resolution_rate"]) == "70.00"
    assert of_unit["first_contact_rate"]["excluded"] == (
        '{"appeal": 1, "unrated": 2, "malicious": 1}'
    )


async def test_decisions_show_beside_what_stood_before_them(
    november: None, stack: Stack, settings: Settings
) -> None:
    picked = (
        "SELECT no, adjusted, satisfaction_score, satisfaction_score_excluded, opened_month,"
        " removed FROM bi_v1.{} WHERE no LIKE 'T20261118-00080%' ORDER BY no"
    )
    async with reporting(stack, settings) as connection:
        now = [tuple(row)[1:] for row in await connection.fetch(picked.format("facts"))]
        plain = [tuple(row)[1:] for row in await connection.fetch(picked.format("facts_plain"))]

    assert now == [
        (True, None, "appeal", MONTH, None),
        (True, None, "malicious", MONTH, None),
        (False, None, None, None, "voided"),
    ]
    assert plain[0] == (True, Decimal(1), None, MONTH, None)
    assert plain[1] == (True, None, "not_followed_up", MONTH, None)
    assert plain[2] == now[2]


async def test_a_table_behind_the_views_is_read_only_and_no_other_at_all(
    november: None, stack: Stack, settings: Settings
) -> None:
    async with reporting(stack, settings) as connection:
        tables = await connection.fetch(
            "SELECT oid::regclass::text AS name FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
            " AND has_table_privilege('minhu_bi', oid, 'SELECT') ORDER BY 1"
        )
        written = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p')"
            " AND has_table_privilege('minhu_bi', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM bi_v1.units")
        # A function of one's own sees no row of another bureau on its way.
        barred = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'bi_v1'::regnamespace"
            " AND relkind = 'v' AND reloptions @> '{security_barrier=true,security_invoker=true}'"
        )
    assert {row["name"] for row in tables} == set(READERS)
    assert (written, barred) == (0, 5)


async def test_columns_have_their_types_and_meanings_even_when_empty(
    stack: Stack, settings: Settings
) -> None:
    types = {
        Kind.WORD: "text",
        Kind.TEXT: "text",
        Kind.FLAG: "boolean",
        Kind.MOMENT: "timestamp with time zone",
        Kind.WORTH: "numeric",
        Kind.NUMBER: "smallint",
    }
    async with reporting(stack, settings) as connection:
        rows = await connection.fetch(
            "SELECT attname, format_type(atttypid, NULL) AS type,"
            " col_description(attrelid, attnum) AS comment FROM pg_attribute"
            " WHERE attrelid = 'bi_v1.facts'::regclass AND attnum > 0 ORDER BY attnum"
        )
        bare = await connection.fetch(
            "SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a"
            " ON a.attrelid = c.oid WHERE c.relnamespace = 'bi_v1'::regnamespace"
            " AND c.relkind = 'v' AND col_description(c.oid, a.attnum) IS NULL"
        )

    shown = {row["attname"]: row["type"] for row in rows}
    assert {name: shown[name] for name in (one.name for one in COLUMNS)} == {
        one.name: types[one.kind] for one in COLUMNS
    }
    assert set(shown) == {one.name for one in (*KEY, *COLUMNS)}
    assert bare == []


async def test_the_views_of_the_database_are_those_the_metrics_make(
    stack: Stack, settings: Settings
) -> None:
    """A metric or label that changed needs a migration with the new text (`make views`)."""
    described = (
        "SELECT c.relname, pg_get_viewdef(c.oid) AS body, obj_description(c.oid) AS about,"
        " array(SELECT col_description(c.oid, a.attnum) FROM pg_attribute AS a"
        " WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum) AS columns"
        " FROM pg_class AS c WHERE c.relnamespace = '{}'::regnamespace AND c.relkind = 'v'"
        " UNION ALL SELECT proname, pg_get_functiondef(oid), obj_description(oid), NULL"
        " FROM pg_proc WHERE pronamespace = '{}'::regnamespace ORDER BY 1"
    )
    database = settings.database_url.rsplit("/", 1)[1]
    connection = await asyncpg.connect(stack.owner_url_of(database))
    try:
        await connection.execute(statements("expected"))
        living = await connection.fetch(described.format(SCHEMA, SCHEMA))
        expected = await connection.fetch(described.format("expected", "expected"))
    finally:
        await connection.close()

    made = [re.sub(r"\bexpected\.", f"{SCHEMA}.", repr(tuple(row))) for row in expected]
    assert [repr(tuple(row)) for row in living] == made
