"""Files of inspections and media items: three encodings, xlsx, and all that may be wrong in them.

Data fictitious.
"""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from services.scoring.importing import bodies_of_file, bodies_of_json, refuse_doubled
from services.scoring.registers import INSPECTIONS, AnyBody
from services.scoring.sanitation_schemas import InspectionBody, MediaItemBody
from services.scoring.sheets import MAX_ROWS
from shared.errors import Invalid
from tests.scoring.histories import RULEBOOK
from tests.scoring.sanitation import CONTRACTOR, CSV, XLSX, inspection, media_item, workbook

CHINESE = (
    "月份",
    "作业单位",
    "道路",
    "街镇",
    "起始门牌号",
    "终止门牌号",
    "得分",
    "检查日期",
    "备注",
)
ENGLISH = tuple(InspectionBody.model_fields)
ROW = ("2026-11", CONTRACTOR, "江宁路", "江宁路街道", "6001", "6399", "94.5", "2026-11-12", "整洁")
EXPECTED = InspectionBody(
    **inspection(
        road="江宁路",
        street="江宁路街道",
        from_no=6001,
        to_no=6399,
        score="94.5",
        note="整洁",
    )
)


def csv_of(*rows: tuple[str, ...]) -> str:
    return "".join(",".join(row) + "\r\n" for row in rows)


def read(raw: bytes, media_type: str = CSV, model: type[AnyBody] = InspectionBody) -> list[AnyBody]:
    return [one.body for one in bodies_of_file(model, raw, media_type, rulebook=RULEBOOK)]


def faults(raw: bytes, media_type: str = CSV) -> list[str]:
    """Where the file is at fault."""
    with pytest.raises(Invalid) as refused:
        read(raw, media_type)
    assert all(one["message"] for one in refused.value.errors)
    return [one["pointer"] for one in refused.value.errors]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("headings", [CHINESE, ENGLISH])
def test_a_csv_is_read_in_each_encoding_and_by_either_headings(
    encoding: str, headings: tuple[str, ...]
) -> None:
    raw = csv_of(headings, ROW, ("",) * 9).encode(encoding)

    assert read(raw) == [EXPECTED]


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        (
            "2026-11",
            CONTRACTOR,
            "江宁路",
            "江宁路街道",
            6001,
            6399,
            94.5,
            date(2026, 11, 12),
            "整洁",
        ),
        (
            datetime(2026, 11, 1),  # noqa: DTZ001 - as a sheet gives it
            CONTRACTOR,
            " 江宁路 ",
            "江宁路街道",
            6001.0,
            6399.0,
            "94.50",
            "2026/11/12",
            "整洁",
        ),
        (
            "2026年11月",
            CONTRACTOR,
            "江宁路",
            "江宁路街道",
            6001,
            6399,
            "94.5",
            "2026年11月12日",
            "整洁",
        ),
    ],
)
def test_an_xlsx_is_read_as_people_write_it(row: tuple[Any, ...]) -> None:
    raw = workbook(CHINESE, row, (None,) * 9)

    assert read(raw, XLSX) == [EXPECTED]


def test_a_score_keeps_its_decimals_through_a_sheet() -> None:
    (body,) = read(
        workbook(("month", "contractor", "road", "score"), ("2026-11", "a", "b", 92.83)), XLSX
    )

    assert isinstance(body, InspectionBody)
    assert body.score == Decimal("92.83")


def test_media_items_come_the_same_way() -> None:
    headings = ("月份", "单位", "标题", "刊播日期", "媒体", "链接")
    row = ("2026-11", CONTRACTOR, "示例路清晨作业噪声扰民", "2026-11-15", "示例晚报", "")
    raw = csv_of(headings, row).encode("gb18030")

    assert read(raw, model=MediaItemBody) == [MediaItemBody(**media_item())]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({0: "2026-13"}, "/rows/3/month"),
        ({0: ""}, "/rows/3/month"),
        ({1: ""}, "/rows/3/contractor"),
        ({2: "  "}, "/rows/3/road"),
        ({4: "六千"}, "/rows/3/from_no"),
        ({4: ""}, "/rows/3/from_no"),
        ({5: "6000"}, "/rows/3/to_no"),
        ({5: "100000"}, "/rows/3/to_no"),
        ({6: "100.01"}, "/rows/3/score"),
        ({6: "-1"}, "/rows/3/score"),
        ({6: "94.555"}, "/rows/3/score"),
        ({6: "优"}, "/rows/3/score"),
        ({6: "NaN"}, "/rows/3/score"),
        ({6: "1e2"}, "/rows/3/score"),
        ({6: "=1+1"}, "/rows/3/score"),
        ({8: '"=HYPERLINK(""x"")"'}, "/rows/3/note"),
        ({7: "2026-02-30"}, "/rows/3/inspected_on"),
    ],
)
def test_a_bad_cell_is_named_by_its_row_and_column(changed: dict[int, str], pointer: str) -> None:
    bad = tuple(changed.get(place, cell) for place, cell in enumerate(ROW))

    assert faults(csv_of(CHINESE, ROW, bad).encode()) == [pointer]


def test_every_bad_row_is_named_at_once() -> None:
    bad = [(*ROW[:6], score, *ROW[7:]) for score in ("101", "94", "x", "95")]

    assert faults(csv_of(CHINESE, *bad).encode()) == ["/rows/2/score", "/rows/4/score"]


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (b"", "/rows"),
        (b"\r\n\r\n", "/rows"),
        (csv_of(CHINESE).encode(), "/rows"),
        (csv_of((*CHINESE, "心得"), (*ROW, "x")).encode(), "/rows/1/10"),
        (csv_of((*CHINESE, "得分"), (*ROW, "90")).encode(), "/rows/1/10"),
        (csv_of((*CHINESE, "score"), (*ROW, "90")).encode(), "/rows/1/10"),
        (csv_of(CHINESE, (*ROW, "多余")).encode(), "/rows/2/10"),
        (csv_of(CHINESE, ROW).encode("utf-16"), "/rows"),
        (b"\xff\xfe\x00\xff", "/rows"),
        (csv_of(CHINESE, ROW).encode() + b"a\0b", "/rows"),
        (csv_of(CHINESE).encode() + b'"half', "/rows"),
        (csv_of(CHINESE, *[ROW] * (MAX_ROWS + 1)).encode(), "/rows"),
        (csv_of(CHINESE).encode() + b"\r\n" * (2 * MAX_ROWS), "/rows"),
    ],
)
def test_a_csv_that_is_none_or_too_long_is_refused(raw: bytes, pointer: str) -> None:
    assert faults(raw) == [pointer]


def test_formula_and_error_cells_are_refused_in_a_sheet() -> None:
    formula = (*ROW[:6], "=94+1", *ROW[7:])
    error = (*ROW[:6], "#DIV/0!", *ROW[7:])

    assert faults(workbook(CHINESE, formula, ROW, error), XLSX) == [
        "/rows/2/score",
        "/rows/4/score",
    ]


def packed(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as into:
        for name, body in parts.items():
            into.writestr(name, body)
    return file.getvalue()


def repacked(changes: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook(CHINESE, ROW))) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    return packed(parts | changes)


LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 12)
)
SHEET = "xl/worksheets/sheet1.xml"
BOMBS = {
    "no zip": b"PK\x03\x04 not a workbook",
    "a zip of nothing": packed({}),
    "a zip of something else": packed({"a.txt": b"x"}),
    "a sheet that is no xml": repacked({SHEET: b"<worksheet><sheetData>"}),
    "a large part": repacked({"xl/media/image1.png": bytes(80 * 1024 * 1024)}),
    "many parts": repacked({f"xl/media/{n}.png": b"x" for n in range(300)}),
    "a billion laughs": repacked(
        {
            SHEET: b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY l0 "ha">' + LAUGHS + b"]>"
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            b'<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&l11;</t></is></c></row>'
            b"</sheetData></worksheet>"
        }
    ),
    "a row far below": repacked(
        {
            SHEET: b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
            b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>'
            + "月份".encode()
            + b'</t></is></c></row><row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>'
            b"</worksheet>"
        }
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_an_xlsx_that_is_none_or_would_burst_is_refused(kind: str) -> None:
    assert faults(BOMBS[kind], XLSX) == ["/rows"]


def test_the_same_twice_in_one_file_is_one_and_with_two_scores_a_fault() -> None:
    twice = bodies_of_json(InspectionBody, [inspection(), inspection(score="94.5")])
    refuse_doubled(INSPECTIONS, twice)
    differing = bodies_of_json(InspectionBody, [inspection(), inspection(score="90")])
    with pytest.raises(Invalid) as refused:
        refuse_doubled(INSPECTIONS, differing)

    assert [one["pointer"] for one in refused.value.errors] == ["/1"]
