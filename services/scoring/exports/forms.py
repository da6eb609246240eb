"""How Postgres writes a row of the views: as a JSON object, or as a line of CSV.

Both come from the same columns, so one number is the same in both.
"""

from collections.abc import Iterable
from enum import StrEnum

import orjson

from services.scoring.exports.columns import COLUMNS, Column, Kind

REASSIGNED = "reassigned"
BOM = "\ufeff"
HEADER = ",".join(column.name for column in COLUMNS) + "\r\n"
# A spreadsheet would take these for a formula, or round them as a number: an apostrophe in front
# makes them text. Full-width signs count too; so does what hides behind blanks.
_BLANK = r"[\s\u00A0\u200B\uFEFF]*"
UNSAFE = rf"^{_BLANK}[-=+@\t\r\n＝＋－＠]|^\s*[0-9]{{12,}}\s*$"


class Form(StrEnum):
    JSON = "json"
    CSV = "csv"


def written_as(form: Form, row: str) -> str:
    """SQL: the row of that name as one text."""
    return _object(row) if form is Form.JSON else _line(row)


def write_gone(form: Form, no: str, number: int) -> str:
    """The row of a round that went to somebody else: its key, and that it is gone."""
    told: dict[str, str | int] = {"no": no, "round": number, "removed": REASSIGNED}
    if form is Form.JSON:
        return orjson.dumps({column.name: told.get(column.name) for column in COLUMNS}).decode()
    return ",".join(str(told.get(column.name, "")) for column in COLUMNS) + "\r\n"


def _object(row: str) -> str:
    """Decimal numbers are text (as in all answers), times RFC 3339 in the session's zone."""
    parts = (
        f"{row}.{one.name}::text AS {one.name}" if one.kind is Kind.WORTH else f"{row}.{one.name}"
        for one in COLUMNS
    )
    return f"(SELECT row_to_json(o) FROM (SELECT {', '.join(parts)}) AS o)::text"  # noqa: S608


def _line(row: str) -> str:
    """RFC 4180: an empty cell is what is not known, `""` an empty text."""
    return f"array_to_string(ARRAY[{', '.join(_cells(row))}], ',', '') || E'\\r\\n'"


def _cells(row: str) -> Iterable[str]:
    return (_cell(f"{row}.{column.name}", column) for column in COLUMNS)


def _cell(value: str, column: Column) -> str:
    match column.kind:
        case Kind.TEXT:
            safe = f"CASE WHEN {value} ~ '{UNSAFE}' THEN '''' || {value} ELSE {value} END"
            return f"'\"' || replace({safe}, '\"', '\"\"') || '\"'"
        case Kind.MOMENT:
            return f"to_json({value})::text"  # in quotes already
        case _:
            return f"{value}::text"
