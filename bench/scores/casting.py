"""A log as COPY lines with gaps: one for each thing that differs from ticket to ticket.

Days are shifted by whole weeks, so weekdays and hours stay as they were. The dues with them: an
entry decodes and folds, though a holiday may lie elsewhere in another week.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import orjson

from bench.scores.log import Log, wording_of
from shared.domain.events import Entry, TicketReceived
from shared.domain.words import Trade
from shared.tickets.rows import event_row

GAP = re.compile(r"@(\w+)@")
DAY = re.compile(r"(\d{4}-\d\d-\d\d)")
EVENT_COLUMNS = (
    "bureau_id",
    "ticket_id",
    "seq",
    "type",
    "schema_version",
    "occurred_at",
    "recorded_at",
    "actor_role",
    "actor_name",
    "actor_key",
    "actor_unit",
    "data",
    "clocks",
    "texts",
    "trace",
)
TEXT_COLUMNS = (
    "bureau_id",
    "ticket_id",
    "seq",
    "field",
    "version",
    "salt",
    "body",
    "recorded_at",
)
NULL = r"\N"


@dataclass(frozen=True, slots=True)
class Mould:
    """Both parts of one log, to be filled with `%`. `no` is the day in the ticket's number."""

    events: str
    texts: str
    no: str
    size: int


class Cast:
    """One log and its moulds, week by week."""

    def __init__(self, log: Log) -> None:
        first = log.entries[0]
        assert isinstance(first.event, TicketReceived)
        self.received_at = first.event.received_at
        self.trade = (log.ticket.trade or Trade.SANITATION).value
        self.types = {entry.event.type for entry in log.entries}
        self._recorded = [entry.recorded_at for entry in log.entries]
        self._events = [DAY.split(make_mould(event_line(entry))) for entry in log.entries]
        self._texts = [
            [DAY.split(make_mould(text_line(entry, field))) for field in entry.texts]
            for entry in log.entries
        ]

    def length(self, weeks: int, until: datetime) -> int:
        """How many entries had been recorded by `until`, were it so many weeks later."""
        last = until - timedelta(weeks=weeks)
        return sum(1 for at in self._recorded if at <= last)

    def mould(self, weeks: int, until: datetime) -> Mould:
        """The log so many weeks later, as far as it was recorded by `until`."""
        shift, size = timedelta(weeks=weeks), self.length(weeks, until)
        days: dict[str, str] = {}
        texts = [line for lines in self._texts[:size] for line in lines]
        return Mould(
            events="".join(_shifted(line, shift, days) for line in self._events[:size]),
            texts="".join(_shifted(line, shift, days) for line in texts),
            no=f"T{self.received_at + shift:%Y%m%d}",
            size=size,
        )


def _shifted(pieces: list[str], shift: timedelta, days: dict[str, str]) -> str:
    """Every second piece is a day."""
    moved = pieces.copy()
    for place in range(1, len(moved), 2):
        day = moved[place]
        if day not in days:
            days[day] = (date.fromisoformat(day) + shift).isoformat()
        moved[place] = days[day]
    return "".join(moved)


def make_mould(line: str) -> str:
    return GAP.sub(r"%(\1)s", line.replace("%", "%%"))


def event_line(entry: Entry) -> str:
    row = event_row(0, entry, trace=None) | {"bureau_id": "@bureau@", "ticket_id": "@id@"}
    return _line(_plain(row[name]) for name in EVENT_COLUMNS)


def text_line(entry: Entry, field: str) -> str:
    at = entry.recorded_at.isoformat()
    words = wording_of(entry.seq, field)
    salt, body = f"@salt_{words}@", f"@body_{words}@"
    return _line(("@bureau@", "@id@", str(entry.seq), field, "1", salt, body, at))


def _plain(value: object) -> str:
    match value:
        case None:
            return NULL
        case datetime():
            return value.isoformat()
        case dict() | list():
            return orjson.dumps(value).decode()
        case _:
            return str(value)


def _line(values: Iterator[str] | tuple[str, ...]) -> str:
    """COPY's text form. Nothing we write needs escaping."""
    line = "\t".join(values)
    assert "\\" not in line.replace(NULL, "")
    assert "\n" not in line
    return line + "\n"
