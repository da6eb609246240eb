"""The bureau's own targets for physical work (处置目标), by category (domain §9).

Told beside the hotline's limits and apart from them: a target lights no light, raises no alarm
and enters no rate. A category has one where the register of limits names `target.<category>`.
"""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.clocks import Clock
from shared.domain.explain import describe_moment, describe_span
from shared.domain.limits import due_after, parse_limit
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import ClockName, ClockOutcome

KEY = "target."
SENTENCE = "处置目标（不计入考核）：{start}派单，应于{due}前处置；{verdict}。"
DONE, WAITING = "于{at}处置，{margin}", "现未处置，{margin}"
EARLY, LATE, LEFT, OVERDUE = "提前{span}", "超出{span}", "剩余{span}", "已超出{span}"


@dataclass(frozen=True, slots=True)
class Target:
    start: datetime
    due: datetime
    rule: str
    stopped_at: datetime | None = None

    def state(self, now: datetime) -> str:
        return "missed" if (self.stopped_at or now) > self.due else self._open_state

    @property
    def _open_state(self) -> str:
        return "running" if self.stopped_at is None else "met"


def target_of(ticket: Ticket, clock: Clock, rulebook: Rulebook) -> Target | None:
    """Beside the `unit_complete` of the present lead: from its dispatch to the first work done."""
    is_lead = ticket.lead is not None and ticket.lead.unit == clock.unit
    if clock.name is not ClockName.UNIT_COMPLETE or clock.round != ticket.round or not is_lead:
        return None
    limits = rulebook.limits_at(clock.start)
    key = f"{KEY}{ticket.category}"
    if clock.outcome is ClockOutcome.CANCELLED or key not in limits.values:
        return None
    limit = parse_limit(limits.values[key])
    calendar, duty = rulebook.calendar_at(clock.start), rulebook.duty_at(clock.start)
    start, due = due_after(clock.start, limit, calendar, duty)
    ended = [work.at for work in ticket.works if work.at >= clock.start]
    if clock.stopped_at is not None:
        ended.append(clock.stopped_at)
    return Target(start, due, f"{key}={limit}", min(ended, default=None))


def explain_target(target: Target, *, now: datetime) -> str:
    ended = target.stopped_at
    margin = target.due - (ended or now)
    is_late = (ended or now) > target.due
    form = (LATE if is_late else EARLY) if ended else (OVERDUE if is_late else LEFT)
    told = form.format(span=describe_span(abs(margin)))
    return SENTENCE.format(
        start=describe_moment(target.start),
        due=describe_moment(target.due),
        verdict=(DONE if ended else WAITING).format(
            at=describe_moment(ended) if ended else "", margin=told
        ),
    )
