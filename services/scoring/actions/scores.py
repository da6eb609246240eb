"""Score sheets, and the tickets behind each of their figures, as known at one instant."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.scoring.actions.freezing import fold_then, is_ready
from services.scoring.actions.recompute import is_readable
from services.scoring.actions.sanitation import assess
from services.scoring.queries.counting import (
    Counted,
    Scope,
    Wanted,
    count_frozen,
    count_live,
    count_now,
    count_then,
    list_counted,
    list_frozen_sums,
    list_sums,
)
from services.scoring.queries.folding import find_progress
from services.scoring.queries.freezes import list_late
from services.scoring.queries.waiting import list_owed
from services.scoring.rules.facts import fold_facts
from services.scoring.rules.freezing import Freeze
from services.scoring.rules.marks import NOTHING, VERDICTS, Marked, mark
from services.scoring.rules.metrics import Metric
from services.scoring.rules.periods import Period
from services.scoring.rules.ranks import NOBODY_ASSESSED, Row, list_rows, total_row
from services.scoring.rules.schemes import NOBODY, Peer, Scheme
from services.scoring.rules.sums import tallies_of
from services.scoring.rules.tallies import KEYS, Key, Seen, Tally, ordered, seen
from services.scoring.rules.verdicts import Part
from services.scoring.sanitation_queries import Known
from services.scoring.scheme_labels import AS_ADJUSTED, BY_MONTH, BY_UNIT, WITH_EMERGENCIES
from shared.db import Tx, Wider
from shared.domain.rulebook import Unit
from shared.domain.words import Trade, UnitKind
from shared.errors import FieldError, Invalid, Unavailable
from shared.tickets import list_entries

CHUNK = 1000
ENDLESS = 1 << 31


@dataclass(frozen=True, slots=True)
class Question:
    """`scope`: the units whose rows the asker may see; None is all, undispatched ones too.

    `known_at` None asks for all that is known now. `emergency` False leaves out the tickets that
    came under an emergency plan, `adjusted` False what was decided on appeals and exclusions.
    `freeze`: as of that revision of a frozen month; then `known_at` is not asked.
    """

    period: Period
    by: str
    scope: Scope
    known_at: datetime | None = None
    emergency: bool = True
    adjusted: bool = True
    freeze: Freeze | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """`total`: of the rows shown; `whole`: of all of them, also those the asker does not see."""

    rows: Sequence[Row]
    total: Row
    whole: Tally
    known_at: datetime


async def read_sheet(
    tx: Tx, question: Question, *, scheme: Scheme, units: Mapping[str, Unit]
) -> Sheet:
    """Units are ranked among all their peers, also those the asker does not see.

    Raises Invalid where the scheme assesses contractors and is asked for anything else.
    """
    if question.by == "unit" and tx.unit is not None:
        async with tx.widened(Wider.RANKS) as wide:
            return await read_sheet(wide, question, scheme=scheme, units=units)
    if scheme.assessment is not None:
        refuse_unless_monthly(question)
    by_unit = question.by == "unit"
    asked = await ask(tx, question, scope=None if by_unit else question.scope)
    tallies = ordered(await read_tallies(tx, question, asked))
    known_at, assessed = asked.wanted.known_at, NOBODY_ASSESSED
    if scheme.assessment is not None:
        assessed, latest = await assess(tx, question.period, known=known_of(question))
        tallies = of_contractors(tallies, units, known=assessed)
        known_at = max(known_at, latest or known_at)

    def peer_of(key: Key) -> Peer:
        unit = units.get(key) if by_unit and key is not None else None
        return Peer(unit.kind.value, frozenset(unit.trades)) if unit is not None else NOBODY

    rows = list_rows(scheme, tallies, peer_of=peer_of, assessed=assessed)
    whole = total_row(scheme, rows)
    if not by_unit or question.scope is None:
        return Sheet(rows, whole, whole.tally, known_at)
    seen_rows = [row for row in rows if row.key in question.scope]
    return Sheet(seen_rows, total_row(scheme, seen_rows), whole.tally, known_at)


def known_of(question: Question) -> Known:
    """What deductions and the registers are read as of."""
    freeze = question.freeze
    return Known(question.known_at) if freeze is None else Known(freeze.frozen_at, freeze.xid)


def refuse_unless_monthly(question: Question) -> None:
    """Deductions are kept by contractor and month, appeals and emergencies taken in."""
    faults = {
        "/by": (question.by != "unit", BY_UNIT),
        "/period": (len(question.period.months) > 1, BY_MONTH),
        "/adjusted": (not question.adjusted, AS_ADJUSTED),
        "/emergency": (not question.emergency, WITH_EMERGENCIES),
    }
    errors: list[FieldError] = [
        {"pointer": pointer, "message": message}
        for pointer, (is_wrong, message) in faults.items()
        if is_wrong
    ]
    if errors:
        raise Invalid(errors=errors)


def of_contractors(
    tallies: Mapping[Key, Tally], units: Mapping[str, Unit], *, known: Collection[Key]
) -> dict[Key, Tally]:
    """Contractors in the trade that have led any round, and whoever the month knows besides."""

    def cleans(key: Key) -> bool:
        unit = units.get(key) if key is not None else None
        return (
            unit is not None
            and unit.kind is UnitKind.CONTRACTOR
            and Trade.SANITATION in unit.trades
        )

    keys = {key for key in tallies if cleans(key)} | set(known)
    return {key: tallies.get(key, Tally()) for key in sorted(keys, key=str)}


@dataclass(frozen=True, slots=True)
class Asked:
    """`unfolded`: as they then were, the rounds of tickets whose logs have grown meanwhile."""

    wanted: Wanted
    unfolded: Sequence[Marked]


async def ask(tx: Tx, question: Question, *, scope: Scope) -> Asked:
    """What is to be counted: as of the instant named, else of the last event taken in.

    A frozen month is read from its own copy; until that is made, as of its moment. Raises
    Unavailable while everything is being folded again.
    """
    async with tx.widened(Wider.FOLDING) as wide:
        if question.freeze is not None:
            return await ask_frozen(wide, question, question.freeze, scope=scope)
        return await ask_live(wide, question, scope=scope)


async def ask_live(tx: Tx, question: Question, *, scope: Scope) -> Asked:
    progress = await find_progress(tx)
    if not is_readable(progress):
        raise Unavailable
    known_at = question.known_at
    owed = () if known_at is None else await list_owed(tx)
    last = progress.known_at if progress is not None else None
    wanted = Wanted(
        question.period,
        known_at or last or tx.now,
        units=scope,
        emergency=question.emergency,
        adjusted=question.adjusted,
        owed=owed,
    )
    unfolded = [one for one in await list_unfolded(tx, wanted) if wanted.holds(one)]
    return Asked(wanted, unfolded)


async def ask_frozen(tx: Tx, question: Question, freeze: Freeze, *, scope: Scope) -> Asked:
    wanted = Wanted(
        question.period,
        freeze.known_at,
        units=scope,
        emergency=question.emergency,
        adjusted=question.adjusted,
        revision=freeze.revision,
    )
    if freeze.manifest is not None:
        return Asked(wanted, ())
    if not await is_ready(tx, freeze):
        raise Unavailable
    late = await list_late(tx, freeze)
    owed = tuple({*late, *await list_owed(tx)})
    wanted = replace(wanted, revision=None, owed=owed)
    unfolded = await fold_then(tx, freeze, {one: late.get(one, ENDLESS) for one in owed})
    return Asked(wanted, [one for one in unfolded if wanted.holds(one)])


async def list_unfolded(tx: Tx, wanted: Wanted) -> list[Marked]:
    """The rounds of the tickets still owed, as known at the instant asked for."""
    found = []
    for start in range(0, len(wanted.owed), CHUNK):
        logs = await list_entries(tx, wanted.owed[start : start + CHUNK])
        for ticket_id, log in logs.items():
            then = [entry for entry in log if entry.recorded_at <= wanted.known_at]
            found += [mark(fact) for fact in fold_facts(ticket_id, then)]
    return found


async def read_tallies(tx: Tx, question: Question, asked: Asked) -> dict[Key, Tally]:
    """From the sums where they say it, else counted from what was known then."""
    if has_not_begun(tx, question):
        return {}
    wanted = asked.wanted
    in_sums = wanted.emergency and wanted.adjusted and wanted.units is None
    if wanted.revision is not None and question.freeze is not None:
        return await read_frozen(tx, wanted, question.freeze, by=question.by, in_sums=in_sums)
    is_now = question.known_at is None and question.freeze is None
    if is_now and in_sums:
        tallies = tallies_of(await list_sums(tx, wanted.period, question.by))
        return add_seen(tallies, await count_live(tx, wanted, question.by))
    if is_now:
        return add_seen({}, await count_now(tx, wanted, question.by))
    key_of = KEYS[question.by]
    unfolded = [(key_of(state), seen_then(state, wanted)) for state in asked.unfolded]
    return add_seen({}, [*await count_then(tx, wanted, question.by), *unfolded])


async def read_frozen(
    tx: Tx, wanted: Wanted, freeze: Freeze, *, by: str, in_sums: bool
) -> dict[Key, Tally]:
    if freeze.manifest is not None and in_sums:
        return tallies_of(await list_frozen_sums(tx, wanted, by), freeze.manifest.layout)
    return add_seen({}, await count_frozen(tx, wanted, by))


def seen_then(state: Marked, wanted: Wanted) -> Seen:
    return seen(state, wanted.period, wanted.known_at, adjusted=wanted.adjusted)


def add_seen(tallies: Mapping[Key, Tally], rounds: Iterable[tuple[Key, Seen]]) -> dict[Key, Tally]:
    found = defaultdict(Tally, tallies)
    for key, one in rounds:
        one.add_to(found[key])
    return dict(found)


def has_not_begun(tx: Tx, question: Question) -> bool:
    return question.period.start > (question.known_at or tx.now)


@dataclass(frozen=True, slots=True)
class Page:
    """Rounds behind a figure. `known_at`: where the pages after it must go on from."""

    rounds: Sequence[Counted]
    known_at: datetime


async def read_page(
    tx: Tx,
    question: Question,
    metric: Metric,
    *,
    part: Part,
    keys: tuple[Key, ...],
    after: tuple[str, int],
    limit: int,
) -> Page:
    """Exactly the rounds in that part of the figure; without `keys` those of the total."""
    asked = await ask(tx, question, scope=question.scope)
    wanted = asked.wanted
    if has_not_begun(tx, question):
        return Page([], wanted.known_at)
    rounds = await list_counted(
        tx, wanted, metric, by=question.by, part=part, keys=keys, after=after, limit=limit
    )
    key_of = KEYS[question.by]
    rounds += [
        Counted(state.no, state.round, letter)
        for state in asked.unfolded
        if (not keys or key_of(state) in keys)
        and (state.no, state.round) > after
        and (letter := seen_then(state, wanted).letter(metric)) != NOTHING
        and VERDICTS[letter].is_in(part)
    ]
    return Page(sorted(rounds, key=lambda one: (one.no, one.round))[:limit], wanted.known_at)
