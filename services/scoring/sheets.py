"""Files of rows, csv or xlsx, as they come from other people's desks: read, never half."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from shared.errors import Invalid
from shared.vault.free_text import hide_people

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 30
MAX_PARTS = 200
MAX_UNPACKED = 64 * 1024 * 1024
ENCODINGS = ("utf-8-sig", "gb18030")
FORMULA = "="
BROKEN = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Bad:
    """A cell that must not be taken for what it shows."""

    message: str


Cell = str | int | float | datetime | date | bool | Bad | None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: its number as the file counts it, and its cells by field."""

    number: int
    cells: Mapping[str, Cell]


def read_sheet_file(raw: bytes, media_type: str, headings: Mapping[str, str]) -> list[Line]:
    """The rows below the heading that are not blank. `headings`: any column's name → its field.

    Raises Invalid where it is not such a file, is too large, or a column is unknown or doubled.
    """
    rows = _csv_rows(raw) if media_type == CSV else _xlsx_rows(raw)
    numbered = _filled(rows)
    first = next(numbered, None)
    if first is None:
        raise Invalid.field("/rows", "文件中没有内容")
    fields = _fields(first[1], headings)
    lines: list[Line] = []
    for number, cells in numbered:
        if len(lines) == MAX_ROWS:
            raise Invalid.field("/rows", f"至多 {MAX_ROWS} 行")
        lines.append(_line(number, fields, cells))
    if not lines:
        raise Invalid.field("/rows", "文件中没有数据行")
    return lines


def _filled(rows: Iterable[list[Cell]]) -> Iterator[tuple[int, list[Cell]]]:
    """With their numbers; a file of blanks is not read to its end."""
    for number, cells in enumerate(rows, 1):
        if number > 2 * MAX_ROWS:
            raise Invalid.field("/rows", f"至多 {MAX_ROWS} 行")
        if not _is_blank(cells):
            yield number, cells


def _fields(cells: Sequence[Cell], headings: Mapping[str, str]) -> list[str]:
    fields: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = cell.strip() if isinstance(cell, str) else ""
        field = headings.get(name, "")
        if not field and cell is not None and name:
            raise Invalid.field(f"/rows/1/{place}", f"不认识的列“{hide_people(name[:50])}”")
        if field and field in fields:
            raise Invalid.field(f"/rows/1/{place}", f"“{hide_people(name)}”一列重复")
        fields.append(field)
    return fields


def _line(number: int, fields: Sequence[str], cells: Sequence[Cell]) -> Line:
    found: dict[str, Cell] = {}
    for place, cell in enumerate(cells):
        if _is_empty(cell):
            continue
        field = fields[place] if place < len(fields) else ""
        if not field:
            raise Invalid.field(f"/rows/{number}/{place + 1}", f"第 {number} 行多出没有列名的内容")
        found[field] = cell
    return Line(number, found)


def _is_empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _is_blank(cells: Iterable[Cell]) -> bool:
    return all(_is_empty(cell) for cell in cells)


def _csv_rows(raw: bytes) -> Iterator[list[Cell]]:
    text = _decoded(raw)
    if "\0" in text:
        raise Invalid.field("/rows", "文本中不能有空字符（U+0000）")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            yield [_checked(cell) for cell in row]
    except csv.Error as error:
        raise Invalid.field("/rows", f"第 {reader.line_num} 行不是有效的 csv") from error


def _checked(cell: str) -> Cell:
    return Bad("不能是公式") if cell.lstrip().startswith(FORMULA) else cell


def _decoded(raw: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid.field("/rows", "文字编码须为 UTF-8 或 GB18030")


def _xlsx_rows(raw: bytes) -> Iterator[list[Cell]]:
    """The first sheet. Formulas are told apart from values; what the sheet says of its size is not
    believed."""
    try:
        _check_packing(raw)
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MAX_COLUMNS)
        yield from ([_value(cell) for cell in row] for row in rows)
    except BROKEN as error:
        raise Invalid.field("/rows", "不是有效的 xlsx 文件") from error


def _check_packing(raw: bytes) -> None:
    """Small files may hold large ones."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        parts = packed.infolist()
        if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise Invalid.field("/rows", "文件展开后过大")


def _value(cell: Any) -> Cell:
    if cell.data_type == "f":
        return Bad("不能是公式，请粘贴为数值")
    if cell.data_type == "e":
        return Bad("单元格有错误值")
    value: Cell = cell.value
    return value
