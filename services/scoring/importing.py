"""Bodies from whatever was sent: one object, a list of them, or a file of rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from services.scoring.registers import AnyBody, Register, id_of
from services.scoring.sanitation_labels import HEADINGS
from services.scoring.sheets import Bad, Cell, Line, read_sheet_file
from shared.domain.rulebook import Rulebook
from shared.errors import FieldError, Invalid
from shared.web.bodies import field_errors
from shared.web.texts import NO_NUL, find_nul

MAX_LISTED = 1000
MAX_ERRORS = 100
WHOLE_FIELDS = frozenset({"from_no", "to_no"})
DAY_FIELDS = frozenset({"inspected_on", "published_on"})
MONTH_FIELD = "month"
YEAR_MONTH = re.compile(r"(20\d\d)\D{0,2}(\d{1,2})\D?", re.ASCII)
YEAR_MONTH_DAY = re.compile(r"(20\d\d)\D(\d{1,2})\D(\d{1,2})\D?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Told:
    """A body, and the pointer under which its faults are named."""

    pointer: str
    body: AnyBody


def bodies_of_json(model: type[AnyBody], value: Any) -> list[Told]:
    """One object, or a list of them. Every fault of every one is named."""
    pointer = find_nul(value)
    if pointer is not None:
        raise Invalid.field(pointer, NO_NUL)
    if not isinstance(value, list):
        return _checked(model, [("", value)])
    if not 1 <= len(value) <= MAX_LISTED:
        raise Invalid.field("", f"一次 1 至 {MAX_LISTED} 条；更多请用文件")
    return _checked(model, [(f"/{place}", one) for place, one in enumerate(value)])


def bodies_of_file(
    model: type[AnyBody], raw: bytes, media_type: str, *, rulebook: Rulebook
) -> list[Told]:
    """Of a csv or xlsx; a fault is named by the row's number in the file and its field."""
    known = {name: name for name in model.model_fields}
    headings = known | {zh: field for zh, field in HEADINGS.items() if field in known}
    lines = read_sheet_file(raw, media_type, headings)
    refuse(
        {"pointer": f"/rows/{line.number}/{name}", "message": _at(line, cell.message)}
        for line in lines
        for name, cell in line.cells.items()
        if isinstance(cell, Bad)
    )
    names = {unit.name: unit.unit_id for unit in rulebook.units.values()}
    return _checked(model, [(f"/rows/{line.number}", _values(line, names)) for line in lines])


def _at(line: Line, message: str) -> str:
    return f"第 {line.number} 行：{message}"


def refuse(errors: Any) -> None:
    """Raises Invalid if there are any, naming the first so many."""
    found: list[FieldError] = list(errors)
    if found:
        detail = f"共 {len(found)} 处有误，一行也没有录入" if len(found) > 1 else ""
        raise Invalid(detail or found[0]["message"], errors=found[:MAX_ERRORS])


def _checked(model: type[AnyBody], values: Sequence[tuple[str, Any]]) -> list[Told]:
    told: list[Told] = []
    errors: list[FieldError] = []
    for pointer, value in values:
        try:
            told.append(Told(pointer, model.model_validate(value)))
        except ValidationError as error:
            errors += [
                {"pointer": pointer + one["pointer"], "message": one["message"]}
                for one in field_errors(error)
            ]
    refuse(errors)
    return told


def refuse_doubled(register: Register, told: Sequence[Told]) -> None:
    """The same thing told twice with two scores is a mistake of whoever wrote it."""
    first: dict[str, Told] = {}
    errors: list[FieldError] = []
    for one in told:
        other = first.setdefault(id_of(register, one.body), one)
        if other.body != one.body:
            message = f"与 {other.pointer} 同一路段、日期（或同一报道），内容却不同"
            errors.append({"pointer": one.pointer, "message": message})
    refuse(errors)


def _values(line: Line, names: Mapping[str, str]) -> dict[str, Any]:
    """Cells as a JSON body would have them. A contractor may be called by its name."""
    values = {name: _plain_value(name, cell) for name, cell in line.cells.items()}
    contractor = values.get("contractor")
    if isinstance(contractor, str):
        values["contractor"] = names.get(contractor, contractor)
    return values


def _plain_value(name: str, cell: Cell) -> Any:
    if isinstance(cell, datetime | date):
        return f"{cell:%Y-%m}" if name == MONTH_FIELD else f"{cell:%Y-%m-%d}"
    if isinstance(cell, bool):
        return str(cell)
    text = cell.strip() if isinstance(cell, str) else _number_text(cell)
    if name in WHOLE_FIELDS and text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    if name == MONTH_FIELD and (found := YEAR_MONTH.fullmatch(text)):
        return f"{found[1]}-{int(found[2]):02d}"
    if name in DAY_FIELDS and (found := YEAR_MONTH_DAY.fullmatch(text)):
        return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}"
    return text


def _number_text(cell: Any) -> str:
    """As a person would write it: no `.0`, no exponent."""
    if isinstance(cell, int | float):
        return f"{Decimal(repr(cell)).normalize():f}"
    return str(cell)
