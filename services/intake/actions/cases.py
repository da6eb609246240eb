"""Cases of reconciliation: opened and resolved by lists, handed on and closed by persons."""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import orjson

from services.intake import reconciliation_queries as queries
from services.intake.labels import CONFLICTS, FAULTS
from services.intake.rules.reconciling import (
    CaseKind,
    CaseState,
    Comparison,
    Field,
    Finding,
    Theirs,
    Verdict,
    judge,
    needs_message,
)
from services.intake.schemas.lists import Acceptance, Assignment
from shared.domain.actor import SYSTEM, Actor
from shared.domain.calendar import CITY_ZONE
from shared.domain.rulebook import Rulebook
from shared.domain.words import UnitKind
from shared.errors import Conflict, Invalid
from shared.tickets import Ledger
from shared.vault.free_text import hide_people

Case = dict[str, Any]


def case_id_of(source: str, upstream_no: str, kind: CaseKind) -> uuid.UUID:
    """One case for each kind of difference on a number, however often it comes back."""
    name = f"{source}\0{upstream_no}\0{kind}"
    return uuid.UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


@dataclass(slots=True)
class CaseBook:
    """The cases in one transaction's hands, and what is written of them at its end."""

    ledger: Ledger
    actor: Actor
    cases: dict[uuid.UUID, Case] = field(default_factory=dict)
    written: dict[uuid.UUID, Case] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    owed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.ledger.now.astimezone(CITY_ZONE).date()

    def put(self, case: Case) -> Case:
        self.cases[case["case_id"]] = case
        self.written[case["case_id"]] = case
        return case

    def tell(
        self, case: Case, kind: str, data: Mapping[str, Any], *, actor: Actor | None = None
    ) -> Case:
        """One more entry of its history, which is its version too."""
        actor = actor or self.actor
        told = {**case, "version": case["version"] + 1}
        self.events.append(
            {
                "case_id": case["case_id"],
                "seq": told["version"],
                "type": kind,
                "at": self.ledger.now,
                "actor_role": actor.role,
                "actor_name": actor.name,
                "actor_key": actor.key,
                "data": dict(data),
            }
        )
        return self.put(told)

    def ask(self, case: Case, *, actor: Actor | None = None) -> Case:
        number = case["requests"] + 1
        self.owed.append({"case_id": case["case_id"], "number": number})
        return self.tell({**case, "requests": number}, "requested", {"number": number}, actor=actor)

    async def close(self) -> None:
        tx = self.ledger.tx
        await queries.put_cases(tx, list(self.written.values()), self.events)
        if self.owed:
            await tx.run(
                queries.OWE_REQUESTS,
                bureau=tx.bureau,
                now=self.ledger.now,
                rows=queries.encoded(self.owed),
            )


def case_of(row: Any) -> Case:
    case = dict(row._mapping)
    case.pop("position")
    case["ours"] = orjson.loads(row.ours) if row.ours else None
    case["theirs"] = orjson.loads(row.theirs) if row.theirs else None
    return case


async def settle_cases(
    ledger: Ledger,
    source: str,
    day: date,
    numbers: Sequence[str],
    found: Comparison,
    *,
    actor: Actor,
) -> dict[tuple[str, CaseKind], uuid.UUID]:
    """What this list means for the cases that it speaks of. Answers the cases of its findings."""
    tx = ledger.tx
    about = sorted({*numbers, *(one.upstream_no for one in found.findings)})
    rows = await tx.rows(
        queries.TAKE_CASES, bureau=tx.bureau, source=source, day=day, numbers=about
    )
    book = CaseBook(ledger, actor, {row.case_id: case_of(row) for row in rows})
    can_ask = await asks_again(ledger, source)
    known_as = await known_from_others(ledger, found)
    wanted = {case_id_of(source, one.upstream_no, one.kind): one for one in found.findings}
    for case_id, finding in wanted.items():
        meet(book, source, day, case_id, finding, can_ask=can_ask, known_as=known_as)
    unsettled = {(one.upstream_no, one.kind) for one in found.on_the_way}
    for case_id, case in list(book.cases.items()):
        is_unsettled = (case["upstream_no"], CaseKind(case["kind"])) in unsettled
        if case_id not in wanted and not is_unsettled:
            vanish(book, case)
    await book.close()
    return {(one.upstream_no, one.kind): case_id for case_id, one in wanted.items()}


def meet(
    book: CaseBook,
    source: str,
    day: date,
    case_id: uuid.UUID,
    finding: Finding,
    *,
    can_ask: bool,
    known_as: Mapping[str, str],
) -> None:
    case = book.cases.get(case_id)
    said = content(finding)
    before = None if case is None else kept_content(case)
    verdict = judge(None if case is None else CaseState(case["state"]), before, said)
    now = book.ledger.now
    base = case or new_case(book, source, case_id, finding)
    base = {
        **base,
        **sides(finding, known_as.get(finding.upstream_no)),
        "day": day,
        "fields": list(finding.fields),
        "last_seen_on": book.today,
    }
    if verdict in (Verdict.OPENED, Verdict.REOPENED):
        base = {**base, "state": CaseState.OPEN, "opened_at": now, "closed_at": None}
    if verdict is None or verdict is Verdict.SEEN:
        book.put(base)
        return
    told = book.tell(base, verdict, said)
    if can_ask and verdict is not Verdict.CHANGED and needs_message(finding):
        book.ask(told, actor=SYSTEM)


def vanish(book: CaseBook, case: Case) -> None:
    verdict = judge(CaseState(case["state"]), kept_content(case), None)
    if verdict is Verdict.RESOLVED:
        after = {**case, "state": CaseState.RESOLVED, "closed_at": book.ledger.now}
        book.tell(after, Verdict.RESOLVED, {})


def new_case(book: CaseBook, source: str, case_id: uuid.UUID, finding: Finding) -> Case:
    return {
        "case_id": case_id,
        "version": 0,
        "source": source,
        "upstream_no": finding.upstream_no,
        "kind": finding.kind,
        "first_seen_on": book.today,
        "owner_unit": desk_of(book.ledger.rulebook),
        "owner_person": None,
        "requests": 0,
    }


def desk_of(rulebook: Rulebook) -> str | None:
    """The bureau's hotline desk, whose work a difference is at first."""
    desks = (one.unit_id for one in rulebook.units.values() if one.kind is UnitKind.DESK)
    return min(desks, default=None)


def content(finding: Finding) -> dict[str, Any]:
    """What makes it another difference when it changes."""
    if finding.held is not None:
        return {"receipt": finding.held.receipt, "status": finding.held.status}
    ours, theirs = our_side(finding), their_side(finding.theirs)
    return {one.value: [(ours or {}).get(one), (theirs or {}).get(one)] for one in finding.fields}


def kept_content(case: Case) -> dict[str, Any]:
    ours, theirs = case["ours"] or {}, case["theirs"] or {}
    if case["kind"] == CaseKind.HELD:
        return {name: ours.get(name) for name in ("receipt", "status")}
    return {name: [ours.get(name), theirs.get(name)] for name in case["fields"]}


def sides(finding: Finding, known_as: str | None) -> dict[str, Any]:
    return {
        "ours": our_side(finding),
        "theirs": their_side(finding.theirs),
        "no": finding.ours.no if finding.ours is not None else known_as,
    }


def our_side(finding: Finding) -> dict[str, Any] | None:
    if finding.held is not None:
        return {"receipt": finding.held.receipt, "status": finding.held.status}
    ours = finding.ours
    if ours is None:
        return None
    said = {
        Field.STATE.value: ours.state,
        Field.RECEIVED_AT.value: city_time(ours.received_at),
        Field.COMPLETED_AT.value: city_time(ours.completed_at),
    }
    return said | ({"callback": "parked"} if ours.has_parked else {})


def their_side(theirs: Theirs | None) -> dict[str, Any] | None:
    if theirs is None:
        return None
    said = {
        Field.STATE.value: theirs.state,
        Field.RECEIVED_AT.value: city_time(theirs.received_at),
    }
    if theirs.tells_completion:
        said[Field.COMPLETED_AT.value] = city_time(theirs.completed_at)
    return said


def city_time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(CITY_ZONE).isoformat()


async def asks_again(ledger: Ledger, source: str) -> bool:
    rows = await ledger.tx.rows(queries.ADDRESSES, bureau=ledger.tx.bureau)
    return any(row.source == source and row.request_url is not None for row in rows)


async def known_from_others(ledger: Ledger, found: Comparison) -> dict[str, str]:
    """Tickets on which another platform has named the number that this one has not pushed."""
    missing = [one.upstream_no for one in found.findings if one.kind is CaseKind.MISSING_HERE]
    if not missing:
        return {}
    rows = await ledger.tx.rows(queries.KNOWN_FROM_OTHERS, bureau=ledger.tx.bureau, numbers=missing)
    return {row.upstream_no: row.no for row in rows}


def assign(book: CaseBook, case: Case, body: Assignment) -> Case:
    if body.unit is not None and body.unit not in book.ledger.rulebook.units:
        raise Invalid.field("/unit", FAULTS["UNKNOWN_UNIT"])
    check_open(case)
    owner = {"owner_unit": body.unit or case["owner_unit"], "owner_person": body.person}
    return book.tell({**case, **owner}, "assigned", {"unit": body.unit, "person": body.person})


def accept(book: CaseBook, case: Case, body: Acceptance) -> Case:
    """Closed with a reason: it stays so while the difference stays what it is."""
    check_open(case)
    after = {**case, "state": CaseState.ACCEPTED, "closed_at": book.ledger.now}
    return book.tell(after, "accepted", {"reason": hide_people(body.reason)})


async def request(book: CaseBook, case: Case, *, under_way: bool) -> Case:
    """Asks the platform once more for a message that is not here."""
    check_open(case)
    if case["kind"] not in (CaseKind.MISSING_HERE, CaseKind.HELD):
        raise Conflict(CONFLICTS["NOT_MISSING"])
    if not await asks_again(book.ledger, case["source"]):
        raise Conflict(CONFLICTS["NO_ADDRESS"])
    if under_way:
        raise Conflict(CONFLICTS["UNDER_WAY"])
    return book.ask(case)


def check_open(case: Case) -> None:
    if case["state"] != CaseState.OPEN:
        raise Conflict(CONFLICTS["NOT_OPEN"])
