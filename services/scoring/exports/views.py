"""The views `bi_v1.*` as statements, made from the metrics.

Their text is frozen in a migration. A new metric needs a new one: `make views` writes its text,
and a test compares what the database has with what stands here.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence

import orjson

from services.scoring import labels
from services.scoring.exports.columns import COLUMNS, KEY, WAITS, excluded
from services.scoring.rules.marks import VERDICTS
from services.scoring.rules.metrics import METRICS, Dated, Due, Measure, Metric
from shared.models import city_ranks, facts, units

SCHEMA = "bi_v1"
BUREAU = "(SELECT public.minhu_viewed_bureau())"
KNOWN_AT = f"(SELECT known_at FROM public.fact_progress WHERE bureau_id = {BUREAU})"  # noqa: S608
# Asked as whoever reads: the policies of the tables behind are the reader's own.
BARRIER = "WITH (security_barrier = true, security_invoker = true)"
GROUPS = {
    "total": "'total'",
    "unit": "f.unit",
    "section": "f.unit || '/' || f.section",
    "executor": "f.unit || '/' || f.executor",
    "trade": "f.trade",
    "street": "f.street",
    "source": "f.source",
    "category": "f.category",
}
SCORES = (
    ("month", "月份，如 2026-11"),
    ("by", "分组：total、unit、section、executor、trade、street、source、category"),
    ("key", "组；空为未知（未派单、未填等），总计为 total"),
    ("metric", "指标，见 bi_v1.metrics"),
    ("num", "分子；计数类指标即件数"),
    ("den", "分母；计数类指标为空"),
    ("value", "100×分子÷分母，四舍五入至两位；分母为 0 或计数类指标为空"),
    ("excluded", "剔除的轮次数，按理由"),
)
CATALOGUE = (
    ("metric", "指标代号，即 bi_v1.facts 的列名"),
    ("name", "名称"),
    ("definition", "口径"),
    ("numerator", "分子"),
    ("denominator", "分母；空为计数类"),
    ("unit", "单位"),
    ("version", "版本"),
    ("month_column", "归期所用的列"),
    ("waits_for_due", "未办结的是否到期后才计入"),
)
UNITS = ("unit_id", "parent_id", "kind", "name", "trades", "depth", "is_sample", "valid_from")
RANKS = ("scope", "period", "rank", "of", "score", "source", "published_at")


def statements(schema: str = SCHEMA) -> str:
    """Everything of the schema, in order, each statement ending in `;` at the end of a line."""
    parts = [
        f"CREATE SCHEMA {schema}",
        f"COMMENT ON SCHEMA {schema} IS '报表所读的视图，第一版：列只增不改'",
        *_functions(schema),
        *_facts(schema, "facts", plain=False),
        *_facts(schema, "facts_plain", plain=True),
        *_scores(schema),
        *_metrics(schema),
        *_copy(schema, "units", "承办单位（树）", UNITS),
        *_copy(schema, "city_ranks", "市级排名（导入，不计算）", RANKS),
    ]
    return ";\n\n".join(parts) + ";\n"


def _functions(schema: str) -> Iterator[str]:
    reasons = {letter: one.reason for letter, one in VERDICTS.items() if one.worth is None}
    worths = " ".join(
        f"WHEN {quote(letter)} THEN {one.worth}"
        for letter, one in VERDICTS.items()
        if one.worth is not None
    )
    yield (
        f"CREATE FUNCTION {schema}.worth(mark text) RETURNS numeric\n"
        "    LANGUAGE sql IMMUTABLE PARALLEL SAFE\n"
        f"    RETURN CASE mark {worths} END"
    )
    yield f"COMMENT ON FUNCTION {schema}.worth IS '判定一字符所记的分值；空为不计'"
    listed = orjson.dumps(reasons, option=orjson.OPT_INDENT_2).decode()
    yield (
        f"CREATE FUNCTION {schema}.reason(mark text) RETURNS text\n"
        "    LANGUAGE sql IMMUTABLE PARALLEL SAFE\n"
        f"    RETURN '{listed}'::jsonb ->> mark"
    )
    yield f"COMMENT ON FUNCTION {schema}.reason IS '判定一字符所记的剔除理由；空为没有剔除'"


def _facts(schema: str, name: str, *, plain: bool) -> Iterator[str]:
    marks = "coalesce(f.plain_marks, f.marks)" if plain else "f.marks"
    lines = [
        *(f"f.{column.name}" for column in KEY),
        *_shown(),
        *(line for metric in METRICS for line in _metric(schema, metric, marks)),
    ]
    selected = ",\n    ".join(lines)
    waits = ",\n        ".join(
        f"(f.completed_at IS NOT NULL OR coalesce({WAITS[due]} <= {KNOWN_AT}, true)) AS {due.value}"
        for due in Due
    )
    yield (
        f"CREATE VIEW {schema}.{name} {BARRIER} AS\nSELECT\n    {selected}\n"
        "FROM public.facts AS f\n"
        f"CROSS JOIN LATERAL (\n    SELECT\n        {waits}\n) AS has_come\n"
        f"WHERE f.bureau_id = {BUREAU}"
    )
    told = "不计申诉与剔除" if plain else "申诉与剔除已计入"
    yield _comment(schema, name, f"考核事实：工单每轮一行，{told}；已退出一切指标的写明 removed")
    for column in (*KEY, *COLUMNS):
        yield _comment(schema, f"{name}.{column.name}", column.comment, what="COLUMN")


def _shown() -> Iterator[str]:
    """The fact as it is stored; months as people write them."""
    for column in COLUMNS:
        if column.name in facts.c and not column.name.endswith("_month"):
            yield f"f.{column.name}"
    for dated in Dated:
        month = f"{dated.value}_month"
        yield f"overlay(f.{month}::text PLACING '-' FROM 5 FOR 0) AS {month}"
    yield "f.plain_marks IS NOT NULL AS adjusted"


def _metric(schema: str, metric: Metric, marks: str) -> Iterator[str]:
    mark = f"substr({marks}, {METRICS.index(metric) + 1}, 1)"
    if metric.due is not None:
        mark = f"CASE WHEN has_come.{metric.due.value} THEN {mark} END"
    if metric.measure is Measure.TICKETS:
        yield f"coalesce({mark} = '1', false)::integer::smallint AS {metric.id}"
        return
    yield f"{schema}.worth({mark}) AS {metric.id}"
    yield f"{schema}.reason({mark}) AS {excluded(metric)}"


def _scores(schema: str) -> Iterator[str]:
    """Counted from the facts, not read from the sums: two ways to one number."""
    marked = ",\n        ".join(_figure(metric) for metric in METRICS)
    keys = ",\n        ".join(f"('{by}', {key})" for by, key in GROUPS.items())
    yield (
        f"CREATE VIEW {schema}.scores {BARRIER} AS\n"  # noqa: S608 - constants only
        "WITH counted AS (\n"
        "    SELECT m.month, g.by, g.key, m.metric, m.is_rate, m.reason,\n"
        "        sum(m.worth) AS num, count(m.worth) AS den, count(m.reason) AS excluded\n"
        f"    FROM {schema}.facts AS f\n"
        f"    CROSS JOIN LATERAL (VALUES\n        {marked}\n"
        "    ) AS m(metric, month, is_rate, worth, reason)\n"
        f"    CROSS JOIN LATERAL (VALUES\n        {keys}\n"
        "    ) AS g(by, key)\n"
        "    WHERE m.month IS NOT NULL AND (m.worth IS NOT NULL OR m.reason IS NOT NULL)\n"
        "    GROUP BY m.month, g.by, g.key, m.metric, m.is_rate, m.reason\n"
        ")\n"
        "SELECT c.month, c.by, c.key, c.metric, coalesce(sum(c.num), 0) AS num,\n"
        "    CASE WHEN c.is_rate THEN sum(c.den)::integer END AS den,\n"
        "    CASE WHEN c.is_rate THEN round(100 * sum(c.num) / nullif(sum(c.den), 0), 2) END"
        " AS value,\n"
        "    coalesce(jsonb_object_agg(c.reason, c.excluded) FILTER (WHERE c.reason IS NOT NULL),\n"
        "        '{}') AS excluded\n"
        "FROM counted AS c\n"
        "GROUP BY c.month, c.by, c.key, c.metric, c.is_rate"
    )
    yield _comment(schema, "scores", "考核数字：按月、按组，由考核事实即时算得，截至已计入的事件")
    yield from _comments(schema, "scores", SCORES)


def _figure(metric: Metric) -> str:
    month = f"f.{metric.dated.value}_month"
    if metric.measure is Measure.TICKETS:
        return f"('{metric.id}', {month}, false, nullif(f.{metric.id}, 0)::numeric, NULL)"
    return f"('{metric.id}', {month}, true, f.{metric.id}, f.{excluded(metric)})"


def _metrics(schema: str) -> Iterator[str]:
    rows = ",\n    ".join(_described(metric) for metric in METRICS)
    names = ", ".join(name for name, _ in CATALOGUE)
    yield (
        f"CREATE VIEW {schema}.metrics AS\nSELECT {names}\n"
        f"FROM (VALUES\n    {rows}\n) AS m({names})"
    )
    yield _comment(schema, "metrics", "指标目录")
    yield from _comments(schema, "metrics", CATALOGUE)


def _described(metric: Metric) -> str:
    text = labels.METRICS[metric.id]
    words = (metric.id, text.name, text.definition, text.numerator)
    of = "NULL" if text.denominator is None else quote(text.denominator)
    return (
        f"({', '.join(map(quote, words))},\n        {of}, {quote(labels.UNITS[metric.measure])},"
        f" {metric.version}, '{metric.dated.value}_month', {str(metric.due is not None).lower()})"
    )


def _copy(schema: str, name: str, words: str, columns: Sequence[str]) -> Iterator[str]:
    """A table of the bureau as it is, but for what is nobody's business."""
    selected = ", ".join(f't."{column}"' for column in columns)
    yield (
        f"CREATE VIEW {schema}.{name} {BARRIER} AS\nSELECT {selected}\n"
        f"FROM public.{name} AS t\nWHERE t.bureau_id = {BUREAU}"
    )
    yield _comment(schema, name, words)
    table = {"units": units, "city_ranks": city_ranks}[name]
    yield from _comments(
        schema, name, [(column, str(table.c[column].comment)) for column in columns]
    )


def _comments(schema: str, view: str, columns: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, words in columns:
        yield _comment(schema, f'{view}."{name}"', words, what="COLUMN")


def _comment(schema: str, name: str, words: str, *, what: str = "VIEW") -> str:
    return f"COMMENT ON {what} {schema}.{name} IS {quote(words)}"


def quote(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


if __name__ == "__main__":
    sys.stdout.write(statements())
