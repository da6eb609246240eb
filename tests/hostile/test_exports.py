"""What spreadsheets, people's phones and other people's files would make of words of others."""

import io
import zipfile
from urllib.parse import quote

from httpx import Response
from openpyxl import Workbook

from services.scoring.sheets import CSV, XLSX
from shared.tickets import Hotline
from tests.factories import TEXTS, Desk, make_ticket
from tests.hostile.conftest import Drain
from tests.hostile.sending import is_problem, numbers

FORMULAS = [
    "=HYPERLINK(1)",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "  =1",
    "\u3000=1",
    "\u00a0=1",
    "\u200b=1",
    "\ufeff=1",
]
HEADING = "month,contractor,road,street,score,inspected_on\r\n"
ROW = "2026-11,chengfa-sanitation,江宁路,江宁路街道,94.50,2026-11-12\r\n"


async def upload(figures: Desk, body: bytes, kind: str) -> Response:
    headers = {
        "Authorization": f"Bearer {figures.keys['desk']}",
        "Idempotency-Key": f"file-{next(numbers)}",
        "Content-Type": kind,
    }
    return await figures.client.post("/v1/inspections", content=body, headers=headers)


async def test_formula_in_a_cell_of_an_export_is_text(
    desk: Desk, figures: Desk, hotline: Hotline, drain: Drain
) -> None:
    """Names typed at `accept` and streets told by a platform come from outside."""
    for formula in FORMULAS:
        no = await make_ticket(hotline, street=formula)
        await desk.walk(no, until="dispatch")
        accepted = await desk.act(
            "sanitation-section", no, "accept", executor=f"{formula}", section=formula
        )
        assert accepted.status_code == 200, (formula, accepted.text)
    await drain()

    file = (await figures.get("leader", "/v1/facts?format=csv")).text

    assert file.count("\n") == len(FORMULAS) + 1 + sum("\n" in one for one in FORMULAS)
    for cell in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " ", "\u3000", "\u00a0"):
        assert f',"{cell}' not in file, repr(cell)
    for hidden in ("\u200b", "\ufeff"):
        assert f',"{hidden}=' not in file, repr(hidden)


async def test_packed_file_that_grows_is_refused_before_it_does(figures: Desk) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        packed.writestr("xl/workbook.xml", b" " * 70_000_000)
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as packed:
        for n in range(5_000):
            packed.writestr(f"{n}", b"")

    for body in (bomb.getvalue(), many.getvalue()):
        answer = await upload(figures, body, XLSX)
        assert is_problem(answer, 422, "invalid")
        assert "展开后过大" in answer.text


async def test_entities_in_a_sheet_expand_to_nothing(figures: Desk) -> None:
    """A billion laughs, and a file of the server's own."""
    book = io.BytesIO()
    Workbook().save(book)
    laughs = '<!DOCTYPE s [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(10)
    )
    for inner in (
        laughs + "]><worksheet>&k;</worksheet>",
        '<!DOCTYPE s [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>',
    ):
        made = io.BytesIO()
        with zipfile.ZipFile(book) as old, zipfile.ZipFile(made, "w") as new:
            for name in old.namelist():
                text = inner.encode() if name == "xl/worksheets/sheet1.xml" else old.read(name)
                new.writestr(name, text)
        answer = await upload(figures, made.getvalue(), XLSX)
        assert is_problem(answer, 422, "invalid")
        assert "root:" not in answer.text


async def test_tricks_in_a_csv_are_refused_by_their_row(figures: Desk) -> None:
    files = {
        "a formula": HEADING + ROW.replace("江宁路,", '"=1+1",'),
        "a quote never closed": HEADING + '"' + ROW,
        "NUL": HEADING + ROW.replace("江宁路,", "江\0宁路,"),
        "an endless cell": HEADING + ROW.replace("江宁路,", "路" * 200_000 + ","),
        "a column twice": "month,month\r\n2026-11,2026-11\r\n",
        "an unknown column": "month,role\r\n2026-11,admin\r\n",
        "more cells than columns": HEADING + ROW.strip() + ",admin\r\n",
        "too many rows": HEADING + ROW * 20_001,
        "blank without end": "\r\n" * 100_000,
        "nothing": "",
    }
    for name, file in files.items():
        answer = await upload(figures, file.encode(), CSV)
        assert is_problem(answer, 422, "invalid"), (name, answer.text[:200])
        assert len(answer.content) < 20_000, name
    assert (await figures.get("desk", "/v1/inspections")).json()["items"] == []


async def test_files_of_another_kind_than_they_claim_are_refused(figures: Desk) -> None:
    for body, kind in (
        (b"PK\x03\x04" + b"x" * 1_000, XLSX),
        (HEADING.encode(), XLSX),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", XLSX),
        (b"\xff\xfe" + HEADING.encode("utf-16-le"), CSV),
    ):
        assert is_problem(await upload(figures, body, kind), 422, "invalid")
    assert is_problem(await upload(figures, b"x" * 5_242_881, CSV), 413, "too-large")
    assert is_problem(
        await upload(figures, b"{}", "application/zip"), 415, "unsupported-media-type"
    )


NAMED = '<@all> <font color="warning">'
MARKUP = '<@all> [点此](https://evil.example) <font color="warning">@all</font> **急**'


async def test_robot_messages_carry_no_word_of_anybody(desk: Desk, hotline: Hotline) -> None:
    """Channels get codes, numbers and times: nothing that a robot could take for markup."""
    texts = {name: f"{MARKUP} {text}" for name, text in TEXTS.items()}
    no = await make_ticket(hotline, texts=texts, street=NAMED)
    await desk.walk(no, until="accept", accept={"executor": NAMED, "section": NAMED})
    await desk.act("desk", no, "urge", text=MARKUP)
    await desk.act("desk", no, "supervise", text=MARKUP)

    for who, path in (
        ("desk", "/v1/notices"),
        ("sanitation-section", "/v1/notices"),
        ("desk", "/v1/events"),
    ):
        told = await desk.get(who, path)
        assert no in told.text
        for word in ("evil", "**", *([] if path == "/v1/events" else ["@all", "<font"])):
            assert word not in told.text, (path, word)


async def test_markup_in_a_text_stays_a_text_and_no_answer_is_a_page(
    desk: Desk, hotline: Hotline
) -> None:
    script = "<script>alert(1)</script>"
    no = await make_ticket(hotline, texts={**TEXTS, "title": script})

    whole = await desk.get("desk", f"/v1/tickets/{no}")
    missing = await desk.client.get(f"/v1/{quote(script)}")
    refused = await desk.get("desk", f"/v1/tickets?{quote(script)}=1")

    assert whole.json()["title"] == script
    for answer in (whole, missing, refused):
        assert answer.headers["content-type"] in ("application/json", "application/problem+json")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
