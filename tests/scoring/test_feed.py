"""GET /v1/facts: what is told, when it comes again, to whom, and in which form."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from httpx import AsyncClient

from services.scoring.exports.columns import COLUMNS
from shared.domain import events
from shared.domain.actor import SYSTEM
from shared.domain.events import Event
from shared.domain.words import ContactMode, ContactResult, ReturnReason
from shared.tickets import Hotline
from shared.tickets.loading import lock_ids
from tests.scoring.conftest import BUREAU, Fold, Write
from tests.scoring.histories import History, at, completed, handled
from tests.scoring.november import greening_five, sanitation_vector, undispatched
from tests.scoring.reading import NEXT_CURSOR, download, get, pull

Keys = Mapping[str, str]
NAMES = [column.name for column in COLUMNS]
pytestmark = pytest.mark.usefixtures("year_end")


@pytest.fixture
async def november(year_end: None, write: Write, fold: Fold) -> None:
    await write([*sanitation_vector(), *greening_five(), undispatched()])
    await fold()


async def record(hotline: Hotline, ticket_id: int, event: Event, when: str) -> None:
    """One more entry of a ticket that is written already."""
    async with hotline.ledger(BUREAU) as ledger:
        ledger.tx = replace(ledger.tx, now=at(when))
        ticket = (await lock_ids(ledger.tx, [ticket_id]))[ticket_id]
        ledger.record(ticket, event, actor=SYSTEM, occurred_at=at(when))


async def test_every_round_comes_once_and_then_nothing(
    scoring: AsyncClient, keys: Keys, november: None
) -> None:
    rows, cursor = await pull(scoring, keys["leader"], limit=4)

    assert len({(row["no"], row["round"]) for row in rows}) == len(rows) == 17
    assert all(list(row) == NAMES for row in rows)
    again, later = await pull(scoring, keys["leader"], cursor)
    assert again == []
    assert (await pull(scoring, keys["leader"], later))[0] == []


async def test_a_file_holds_what_the_pages_hold(
    scoring: AsyncClient, keys: Keys, november: None
) -> None:
    rows, _ = await pull(scoring, keys["bi"])
    lines, cursor = await download(scoring, keys["bi"])

    assert sorted(map(cells_of, rows)) == sorted(tuple(line.items()) for line in lines)
    assert (await pull(scoring, keys["bi"], cursor))[0] == []


def cells_of(row: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    words = {None: "", True: "true", False: "false"}
    return tuple(
        (name, words[value] if value is None or isinstance(value, bool) else str(value))
        for name, value in row.items()
    )


async def test_a_changed_row_comes_again_and_no_other(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold, hotline: Hotline
) -> None:
    ids = await write([handled(no="T20261118-000001"), completed(no="T20261118-000002")])
    await fold()
    _, cursor = await pull(scoring, keys["leader"])

    await record(hotline, ids[0], events.TicketCompleted(at("12-24 17:00")), "11-24 17:00")
    await fold()
    rows, cursor = await pull(scoring, keys["leader"], cursor)

    assert [(row["no"], row["completed_at"]) for row in rows] == [
        ("T20261118-000001", "2026-11-24T17:00:00+08:00")
    ]
    assert rows[0]["on_time_completion_rate"] == "1"


async def test_what_is_voided_comes_with_its_removal(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold, hotline: Hotline
) -> None:
    ids = await write([completed(no="T20261118-000001")])
    await fold()
    _, cursor = await pull(scoring, keys["leader"])

    await record(hotline, ids[0], events.TicketVoided(), "11-25 09:00")
    await fold()
    (row,), _ = await pull(scoring, keys["leader"], cursor)

    assert (row["removed"], row["intake"], row["opened_month"]) == ("voided", 0, None)
    assert row["on_time_completion_rate"] is None


async def test_an_open_round_comes_again_once_its_due_has_come(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold, hotline: Hotline
) -> None:
    """Nothing of its own is recorded; another ticket's entry moves what is known."""
    late = History("11-18 09:12", no="T20261118-000001").triage("11-18 09:40")
    await write([late])
    await fold()
    (row,), cursor = await pull(scoring, keys["leader"])
    assert (row["due_month"], row["on_time_completion_rate"], row["overdue_count"]) == (
        "2026-11",
        None,
        0,
    )

    await write([History("12-18 09:12", no="T20261218-000002")])
    await fold()
    rows, cursor = await pull(scoring, keys["leader"], cursor, limit=1)

    assert [(row["no"], row["on_time_completion_rate"], row["overdue_count"]) for row in rows] == [
        ("T20261118-000001", "0", 1),
        ("T20261218-000002", None, 0),
    ]
    assert (await pull(scoring, keys["leader"], cursor))[0] == []


async def test_a_unit_reads_its_own_rounds_and_learns_that_one_has_left(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold, hotline: Hotline
) -> None:
    ids = await write(
        [
            History("11-18 09:12", no=f"T20261118-00000{n}")
            .triage("11-18 09:40")
            .dispatch("11-18 10:10", unit)
            for n, unit in ((1, "sanitation-section"), (2, "greening-section"))
        ]
    )
    await fold()
    unit = keys["sanitation-section"]
    (row,), cursor = await pull(scoring, unit)
    assert (row["no"], row["unit"]) == ("T20261118-000001", "sanitation-section")
    lines, _ = await download(scoring, unit)
    assert [line["no"] for line in lines] == ["T20261118-000001"]

    await record(
        hotline,
        ids[0],
        events.ReturnRequested("sanitation-section", ReturnReason.NOT_OURS),
        "11-18 10:30",
    )
    await record(hotline, ids[0], events.ReturnDecided(granted=True), "11-18 10:40")
    await record(hotline, ids[0], events.TicketDispatched("sanitation-centre"), "11-18 11:00")
    await fold()
    await record(
        hotline, ids[0], events.TicketAccepted("sanitation-centre", executor="王工"), "11-18 11:30"
    )
    await fold()
    (gone,), later = await pull(scoring, unit, cursor)

    told = {name: value for name, value in gone.items() if value is not None}
    assert told == {"no": "T20261118-000001", "round": 1, "removed": "reassigned"}
    assert list(gone) == NAMES
    (line,), _ = await download(scoring, unit, cursor)
    assert {name: value for name, value in line.items() if value} == {
        "no": "T20261118-000001",
        "round": "1",
        "removed": "reassigned",
    }
    (theirs,), _ = await pull(scoring, keys["sanitation-centre"])
    assert (theirs["unit"], theirs["removed"]) == ("sanitation-centre", None)

    await record(
        hotline,
        ids[0],
        events.TicketContacted(ContactResult.REACHED, ContactMode.PHONE, "desk"),
        "11-18 12:00",
    )
    await fold()
    assert (await pull(scoring, unit, later))[0] == []
    assert len((await pull(scoring, keys["sanitation-centre"], None))[0]) == 1


REFUSED = (
    ({"updated_after": "x"}, "/updated_after"),
    ({"limit": "501"}, "/limit"),
    ({"format": "xlsx"}, "/format"),
    ({"format": "parquet"}, "/format"),
    ({"from": "2026-13-01"}, "/from"),
    ({"from": "2026-11-01T00:00:00"}, "/from"),
    ({"from": "2026-11-02", "to": "2026-11-02"}, "/from"),
    ({"cursor": "x"}, "/cursor"),
    ({"period": "2026-11"}, "/period"),
)


async def test_what_is_not_understood_is_refused_by_name(scoring: AsyncClient, keys: Keys) -> None:
    for query, pointer in REFUSED:
        answer = await get(scoring, keys["leader"], **query)

        assert answer.status_code == 422
        assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_a_cursor_opens_only_where_and_for_whom_it_was_given(
    scoring: AsyncClient, keys: Keys, november: None
) -> None:
    _, cursor = await pull(scoring, keys["leader"])
    turned = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")

    assert (await get(scoring, keys["desk"], updated_after=cursor)).status_code == 200
    for key, query in (
        ("leader", {"updated_after": turned}),
        ("leader", {"updated_after": cursor, "from": "2026-11-02"}),
        ("sanitation-section", {"updated_after": cursor}),
    ):
        assert (await get(scoring, keys[key], **query)).status_code == 422


async def test_bounds_are_of_the_opening_and_the_last_is_out(
    scoring: AsyncClient, keys: Keys, november: None
) -> None:
    async def count(**query: str) -> int:
        rows, _ = await pull(scoring, keys["leader"], **query)
        assert len((await download(scoring, keys["leader"], **query))[0]) == len(rows)
        return len(rows)

    assert await count(**{"from": "2026-11-02", "to": "2026-11-03"}) == 15
    assert await count(**{"from": "2026-11-02T09:00:00+08:00"}) == 17
    assert await count(to="2026-11-02T09:00:00+08:00") == 0
    assert await count(**{"from": "2026-11-03"}) == 2  # the rework and the undispatched


async def test_the_same_columns_come_even_when_there_is_nothing(
    scoring: AsyncClient, keys: Keys
) -> None:
    answer = await get(scoring, keys["leader"], format="csv")

    assert answer.content == ("\ufeff" + ",".join(NAMES) + "\r\n").encode()
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers[NEXT_CURSOR]
    empty = (await get(scoring, keys["leader"])).json()
    assert empty["items"] == []
    assert empty["next_cursor"]


ACCEPTED = (
    ("text/csv", "text/csv"),
    ("text/csv, application/json;q=0.5", "text/csv"),
    ("application/json, text/csv;q=0.5", "application/json"),
    ("text/csv;q=0", "application/json"),
    ("*/*", "application/json"),
)


async def test_the_form_may_be_asked_for_by_accept(scoring: AsyncClient, keys: Keys) -> None:
    for accept, answered in ACCEPTED:
        headers = {"Authorization": f"Bearer {keys['leader']}", "Accept": accept}
        answer = await scoring.get("/v1/facts", headers=headers)

        assert answer.headers["content-type"].partition(";")[0] == answered


HOSTILE = [
    ("=1+1", "'=1+1"),
    ("+86", "'+86"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\tx", "'\tx"),
    ("\rx", "'\rx"),
    ("＝1", "'＝1"),
    ("  =1", "'  =1"),
    ("310106202611180001", "'310106202611180001"),
    ("12345678901", "12345678901"),
    ('a,"b"', 'a,"b"'),
    ("one\ntwo", "one\ntwo"),
    ("one\r\ntwo", "one\r\ntwo"),
    ("李工", "李工"),
    ("", ""),
]


async def test_no_cell_becomes_a_formula_or_loses_its_digits(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    await write(
        [handled(no=f"T20261118-{n:06d}", street=typed) for n, (typed, _) in enumerate(HOSTILE)]
    )
    await fold()

    lines, _ = await download(scoring, keys["leader"])
    rows, _ = await pull(scoring, keys["leader"])

    lines.sort(key=lambda line: line["no"])
    assert [line["street"] for line in lines] == [safe for _, safe in HOSTILE]
    assert [row["street"] for row in rows] == [typed for typed, _ in HOSTILE]


async def test_every_line_ends_as_the_standard_has_it(
    scoring: AsyncClient, keys: Keys, write: Write, fold: Fold
) -> None:
    await write([handled(street='彭浦镇"北"', no="T20261118-000001")])
    await fold()

    raw = (await get(scoring, keys["leader"], format="csv")).content
    paged = (await get(scoring, keys["leader"], format="csv", limit=1)).content

    assert raw.count(b"\n") == raw.count(b"\r\n") == 2
    assert '"彭浦镇""北"""'.encode() in raw
    assert paged == raw
    assert raw.startswith(b"\xef\xbb\xbf")
    assert len(next(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))) == len(NAMES)
