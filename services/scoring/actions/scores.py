"""Score sheets, and the tickets behind each of their figures, as known at one instant."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.scoring import queries
from services.scoring.actions.facts import fold_all
from services.scoring.rules.fact import Fact
from services.scoring.rules.metrics import Metric, Part, Verdict, judge
from services.scoring.rules.periods import Period
from services.scoring.rules.ranks import Row, list_rows, total_row
from services.scoring.rules.schemes import NOBODY, Peer, Scheme
from services.scoring.rules.tallies import KEYS, Key, tally
from shared.db import Tx
from shared.domain.rulebook import Unit
from shared.errors import Unavailable
from shared.tickets import list_entries

CHUNK = 1000
POLL_SECONDS = 0.02
TRIES = 250

Scope = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Question:
    """`scope`: the units whose rows the asker may see; None is all, undispatched ones too.

    `known_at` None asks for all that is known now. `emergency` False leaves out the tickets that
    came under an emergency plan.
    """

    period: Period
    by: str
    scope: Scope
    known_at: datetime | None = None
    emergency: bool = True

    def counts(self, fact: Fact) -> bool:
        """Tickets that came under an emergency plan may be left out altogether."""
        return self.emergency or fact.emergency is None

    def sees(self, fact: Fact) -> bool:
        return self.scope is None or fact.unit in self.scope


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of a period as known at an instant."""

    facts: Sequence[Fact]
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Sheet:
    rows: Sequence[Row]
    total: Row
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """One round behind a figure, and what it adds to it."""

    no: str
    round: int
    verdict: Verdict


async def read_sheet(
    tx: Tx, question: Question, *, scheme: Scheme, units: Mapping[str, Unit]
) -> Sheet:
    """Units are ranked among all their peers, also those the asker does not see."""
    known = await list_known(tx, question)
    by_unit = question.by == "unit"
    facts = known.facts if by_unit else [fact for fact in known.facts if question.sees(fact)]
    tallies = tally(facts, question.by, period=question.period, known_at=known.known_at)

    def peer_of(key: Key) -> Peer:
        unit = units.get(key) if by_unit and key is not None else None
        return Peer(unit.kind.value, frozenset(unit.trades)) if unit is not None else NOBODY

    rows = list_rows(scheme, tallies, peer_of=peer_of)
    if by_unit and question.scope is not None:
        rows = [row for row in rows if row.key in question.scope]
    return Sheet(rows, total_row(scheme, rows), known.known_at)


def list_counted(
    known: Known, question: Question, metric: Metric, *, part: Part, keys: tuple[Key, ...]
) -> list[Counted]:
    """Exactly the rounds in that part of the figure; without `keys` those of the total."""
    key_of = KEYS[question.by]
    found = []
    for fact in known.facts:
        if not question.sees(fact) or (keys and key_of(fact) not in keys):
            continue
        verdict = judge(metric, fact, period=question.period, known_at=known.known_at)
        if verdict is not None and verdict.is_in(part):
            found.append(Counted(fact.no, fact.round, verdict))
    return sorted(found, key=lambda one: (one.no, one.round))


async def list_known(tx: Tx, question: Question) -> Known:
    """The facts that may matter to the period, as they are or as they were.

    Whoever names an instant has waited for those who might still record before it.
    """
    period, known_at = question.period, question.known_at
    if known_at is not None:
        facts = await _list_then(tx, period, known_at)
    else:
        facts, horizon = await queries.list_facts_now(tx, period)
        known_at = horizon or tx.now
    if period.start > (question.known_at or tx.now):
        facts = []
    return Known([fact for fact in facts if question.counts(fact)], known_at)


async def _list_then(tx: Tx, period: Period, known_at: datetime) -> list[Fact]:
    facts, stale = await queries.list_facts_then(tx, period, known_at)
    for start in range(0, len(stale), CHUNK):
        logs = await list_entries(tx, stale[start : start + CHUNK])
        then = {
            ticket_id: [entry for entry in log if entry.recorded_at <= known_at]
            for ticket_id, log in logs.items()
        }
        facts += fold_all(then.items())
    return facts


async def wait_for(tx: Tx, xid: str) -> None:
    """Whoever began before may still record a time not after now: wait for them, not for ever.

    Raises Unavailable when one stays open too long.
    """
    for _ in range(TRIES):
        if await queries.are_over(tx, xid):
            return
        await asyncio.sleep(POLL_SECONDS)
    raise Unavailable
