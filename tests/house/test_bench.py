"""The logs the bench makes by the hundred thousand are such as our own code would have written."""

from collections import Counter
from datetime import datetime
from itertools import groupby
from types import SimpleNamespace

import pytest

from bench.scores.casting import EVENT_COLUMNS, NULL
from bench.scores.crowd import NOW, Batch, Crowd
from services.scoring.rules.facts import fold_facts
from shared.domain.events import Entry
from shared.domain.fold import fold
from shared.domain.words import OPEN_STATES
from shared.events.codec import load_entry
from shared.tickets.ledger import text_hash

TICKETS = 1000


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    return list(Crowd(TICKETS).batches())


def logs(batches: list[Batch]) -> dict[int, list[Entry]]:
    rows = [
        dict(zip(EVENT_COLUMNS, line.split("\t"), strict=True))
        for batch in batches
        for line in batch.events.decode().splitlines()
    ]
    return {
        int(ticket_id): [load_entry(as_stored(row)) for row in of_ticket]
        for ticket_id, of_ticket in groupby(rows, key=lambda row: row["ticket_id"])
    }


def as_stored(row: dict[str, str]) -> SimpleNamespace:
    values = {name: None if value == NULL else value for name, value in row.items()}
    times = {name: datetime.fromisoformat(row[name]) for name in ("occurred_at", "recorded_at")}
    return SimpleNamespace(**{**values, "seq": int(row["seq"]), **times})


def test_every_log_decodes_and_folds_to_its_facts(batches: list[Batch]) -> None:
    found = logs(batches)
    states = Counter(fold(number, log).state for number, log in found.items())

    assert sorted(found) == list(range(1, TICKETS + 1))
    assert all(fold_facts(number, log) for number, log in found.items())
    assert states.keys() > {"archived", "voided", "merged", "returned_upstream"}
    assert any(state in OPEN_STATES for state in states)
    assert max(entry.recorded_at for log in found.values() for entry in log) <= NOW


def test_the_hashes_in_the_log_are_those_of_the_texts(batches: list[Batch]) -> None:
    log = {
        (entry_id, name): kept
        for ticket_id, entries in logs(batches[:1]).items()
        for entry in entries
        for entry_id in [(ticket_id, entry.seq)]
        for name, kept in entry.texts.items()
    }
    lines = [line.split("\t") for line in batches[0].texts.decode().splitlines()]
    made = {
        ((int(ticket_id), int(seq)), field): text_hash(bytes.fromhex(salt[3:]), body)
        for _, ticket_id, seq, field, _, salt, body, _ in lines
    }

    assert made == log
    assert made


def test_the_same_number_of_tickets_gives_the_same_logs(batches: list[Batch]) -> None:
    assert next(Crowd(TICKETS).batches()) == batches[0]
