"""A ticket in any state, written through the one door, with a unit in every part of it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from shared.domain import events as e
from shared.domain.actor import SYSTEM
from shared.domain.calendar import CITY_ZONE
from shared.domain.events import Event, FieldRank
from shared.domain.ticket import Ticket
from shared.domain.words import (
    AppealFinding,
    AppealType,
    AppealVerdict,
    CaseValuation,
    ContactMode,
    ContactResult,
    ExclusionReason,
    ExtensionReason,
    FactFinding,
    FollowUpLevel,
    Reached,
    ReplyMode,
    ReturnReason,
    SiteCheck,
    TicketKind,
    Trade,
    Urgency,
)
from shared.tickets import Hotline
from tests.factories import give_caller

LEAD, CONTRACTOR = "sanitation-section", "chengfa-sanitation"
ASSIST, FORMER, OTHER, OBJECT = (
    "landscape-section",
    "sanitation-centre",
    "greening-section",
    "greening-centre",
)
RECEIVED_AT = datetime(2026, 11, 18, 9, 12, tzinfo=CITY_ZONE)
NEW_ID = text("SELECT nextval('ticket_ids') AS ticket_id")
TRACES = text(
    "SELECT t.no, CAST(t.fold->>'version' AS bigint) AS version,"
    " (SELECT count(*) FROM ticket_events e WHERE (e.bureau_id, e.ticket_id) ="
    " (t.bureau_id, t.ticket_id)) AS entries,"
    " (SELECT count(*) FROM deliveries d WHERE (d.bureau_id, d.stream_id) ="
    " (t.bureau_id, t.ticket_id)) AS deliveries"
    " FROM tickets t WHERE t.no = ANY(:nos)"
)
numbers = itertools.count(1)


@dataclass(frozen=True)
class Scene:
    """Which ticket a cell needs: where it stands, who leads, how far the assist is."""

    column: str
    lead: str = LEAD
    assist: str = "assigned"
    is_confidential: bool = False
    object_unit: str = OBJECT

    @property
    def needs_reply(self) -> bool:
        return self.column != "n"


@dataclass
class Stage:
    """Puts tickets on; `shared` ones serve every refusal of a scene."""

    hotline: Hotline
    shared: dict[Scene, str] = field(default_factory=dict)
    written: dict[str, tuple[int, ...]] = field(default_factory=dict)

    async def put_on(self, scene: Scene) -> str:
        """A ticket of its own; answers its number."""
        async with self.hotline.ledger(1) as ledger:
            row = await ledger.tx.row(NEW_ID)
            assert row is not None
            no = f"T20261118-{row.ticket_id:06d}"
            given: dict[str, Any] = {"actor": SYSTEM, "occurred_at": RECEIVED_AT}
            ticket = ledger.open(row.ticket_id, opening(no, scene), **given, texts={})
            await give_caller(ledger, row.ticket_id)
            minutes = itertools.count(1)
            for make in course(scene):
                at = RECEIVED_AT + timedelta(seconds=10 * next(minutes))
                event = make(ticket)
                ticket = ledger.record(ticket, event, actor=SYSTEM, occurred_at=at, texts={})
        return no

    async def find(self, scene: Scene) -> str:
        """The ticket on which everything of that scene is refused."""
        if scene not in self.shared:
            no = self.shared[scene] = await self.put_on(scene)
            self.written |= await self.traces(no)
        return self.shared[scene]

    async def traces(self, *nos: str) -> dict[str, tuple[int, ...]]:
        """Version, entries and deliveries of some tickets (else of all that are shared)."""
        async with self.hotline.database.transaction(1, writing=False) as tx:
            rows = await tx.rows(TRACES, nos=list(nos) or list(self.written))
            return {row.no: (row.version, row.entries, row.deliveries) for row in rows}


def opening(no: str, scene: Scene) -> e.TicketReceived:
    return e.TicketReceived(
        no=no,
        source="city-12345",
        upstream_no=f"SH-{next(numbers)}",
        appeal_type=AppealType.COMPLAINT,
        urgency=Urgency.NORMAL,
        ticket_kind=TicketKind.TRANSFER,
        received_at=RECEIVED_AT,
        is_anonymous=False,
        is_confidential=scene.is_confidential,
        need_reply=scene.needs_reply,
        has_phone=True,
        rank=FieldRank(at=RECEIVED_AT),
        carried=("content",),
        object_unit=scene.object_unit if scene.object_unit == OBJECT else None,
    )


Make = Callable[[Ticket], Event]


def course(scene: Scene) -> list[Make]:
    """What happens up to the scene's column; every ticket but a new one had a former lead."""
    contact = e.TicketContacted(ContactResult.REACHED, ContactMode.PHONE, "desk")
    triaged = e.TicketTriaged(Trade.SANITATION, "S-05")
    handed_back: list[Event] = [
        triaged,
        e.TicketDispatched(FORMER),
        e.ReturnRequested(FORMER, ReturnReason.NOT_OURS),
        e.ReturnDecided(granted=True),
    ]
    if scene.object_unit != OBJECT:
        handed_back.append(named(scene.object_unit))
    start = [always(contact), repeats]
    if scene.column == "R":
        return start
    if scene.column in BEFORE_DISPATCH:
        steps = [*handed_back, *BEFORE_DISPATCH[scene.column]]
        return start + [always(one) for one in steps]
    steps = [*handed_back, e.TicketDispatched(scene.lead, (ASSIST,)), *assist_steps(scene)]
    main = main_path(scene.lead)
    steps += main[: LENGTHS[STANDS[scene.column]]]
    return start + [always(one) for one in [*steps, *asides(scene)]]


def repeats(ticket: Ticket) -> Event:
    """Each of a root of its own: a root of many would raise the level of them all."""
    return e.RepeatLinked(f"T20261117-{ticket.ticket_id:06d}", 1, "upstream")


def always(event: Event) -> Make:
    return lambda ticket: event


def named(unit: str) -> Event:
    rank = FieldRank(at=RECEIVED_AT + timedelta(minutes=1))
    return e.TicketUpdated("city-12345", "SH-1", {"object_unit": unit}, rank, ("object_unit",))


def assist_steps(scene: Scene) -> list[Event]:
    steps: list[Event] = [
        e.AssistAccepted(ASSIST, "王班长"),
        e.AssistDone(ASSIST, SiteCheck.YES),
    ]
    return steps[: ("assigned", "accepted", "done").index(scene.assist)]


def main_path(lead: str) -> list[Event]:
    feedback = e.FeedbackSubmitted(
        lead, CaseValuation.RESOLVED, FactFinding.TRUE, AppealFinding.REASONABLE
    )
    return [
        e.TicketAccepted(lead, "李工"),
        e.TicketDisposed(lead, by_lead=True, site_check=SiteCheck.YES),
        feedback,
        e.TicketReplied(ReplyMode.PHONE),
        e.TicketCompleted(archive_at=RECEIVED_AT + timedelta(days=30)),
        e.TicketFollowedUp(FollowUpLevel.BUREAU, Reached.YES),
        e.TicketArchived(),
    ]


LENGTHS = {state: length for length, state in enumerate("DAIFPCUZ")}
# The state from which each column is reached.
STANDS = {
    **{state: state for state in LENGTHS},
    "M": "I",
    "V": "I",
    "d": "D",
    "a": "A",
    "e": "I",
    "g": "I",
    "v": "I",
    "p": "I",
    "x": "I",
    "y": "I",
    "n": "F",
}
ASKED_BACK = e.ReturnUpstreamRequested(ReturnReason.NOT_OURS)
BEFORE_DISPATCH: dict[str, list[Event]] = {
    "T": [],
    "Q": [ASKED_BACK],
    "B": [ASKED_BACK, e.ReturnedUpstream()],
    "t": [ASKED_BACK, e.ReturnDecided(granted=False)],
    "W": [
        e.TicketDispatched(FORMER),
        *main_path(FORMER)[:-1],
        e.ReworkOpened(round=2, own=True),
    ],
}


def asides(scene: Scene) -> list[Event]:
    """What a state may carry, and the ends it may come to."""
    extension = e.ExtensionRequested(ExtensionReason.COMPLEX, 3, scene.lead)
    exclusion = e.ExclusionRequested(ExclusionReason.MALICIOUS)
    due = RECEIVED_AT + timedelta(days=12)
    carried: dict[str, list[Event]] = {
        "M": [e.TicketMerged("T20261118-000001")],
        "V": [e.TicketVoided()],
        "d": [e.ReturnRequested(scene.lead, ReturnReason.NOT_OURS)],
        "a": [e.ReturnRequested(scene.lead, ReturnReason.NOT_OURS)],
        "e": [extension],
        "g": [
            extension,
            e.ExtensionDecided(granted=True),
            e.ExtensionDecided(granted=True, upstream=True, due=due),
        ],
        "v": [e.VoidRequested()],
        "p": [e.AppealRequested(AppealVerdict.REPEAT, 1, scene.lead)],
        "x": [exclusion],
        "y": [exclusion, e.ExclusionDecided(granted=True, reason_code=exclusion.reason_code)],
    }
    return carried.get(scene.column, [])
