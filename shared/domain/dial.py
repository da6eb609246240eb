"""Sets the clocks of one ticket at one event: which begin, move and end."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shared.domain.calendar import WorkCalendar
from shared.domain.clocks import Clock, merge
from shared.domain.dues import Dues
from shared.domain.limits import unit_due, warn_at
from shared.domain.rulebook import Rulebook
from shared.domain.ticket import Ticket
from shared.domain.words import HOTLINE_CLOCKS, ClockName, ClockOutcome, Urgency


class Dial(Dues):
    """Builds clocks for one ticket at one event, and remembers those it changed."""

    def __init__(self, ticket: Ticket, rulebook: Rulebook, at: datetime) -> None:
        super().__init__(ticket, rulebook, at)
        self.changes: dict[tuple[int, ClockName, int], Clock] = {}

    @property
    def clocks(self) -> tuple[Clock, ...]:
        return merge(self.ticket.clocks, tuple(self.changes.values()))

    def latest(self, name: ClockName, unit: str | None = None) -> Clock | None:
        """The latest of that name in the present round (of that unit, where one is named)."""
        return replace(self.ticket, clocks=self.clocks).clock(name, unit=unit)

    def put(self, clock: Clock) -> None:
        self.changes[clock.key] = clock

    def start(
        self,
        name: ClockName,
        start: datetime,
        *,
        due: datetime | None,
        rule: str,
        unit: str | None = None,
        calendar: WorkCalendar | None = None,
    ) -> None:
        """`due` is None while the clock is paused."""
        calendar = calendar or self.calendar
        self.put(
            Clock(
                name=name,
                round=self.ticket.round,
                ordinal=self._next_ordinal(name),
                unit=unit,
                start=start,
                due=due,
                warn=None if due is None else warn_at(start, due, calendar),
                rule=rule,
                limits=self.rulebook.limits_at(start).version,
                calendar=calendar.version,
            )
        )

    def exempt(self, name: ClockName, start: datetime) -> None:
        self.put(
            Clock(
                name=name,
                round=self.ticket.round,
                ordinal=self._next_ordinal(name),
                unit=None,
                start=start,
                due=None,
                warn=None,
                rule="exempt",
                limits=self.rulebook.limits_at(start).version,
                calendar=self.calendar.version,
                outcome=ClockOutcome.EXEMPT,
            )
        )

    def stop(self, name: ClockName, unit: str | None = None) -> None:
        clock = self.latest(name, unit)
        if clock is not None and clock.is_running:
            self.put(clock.stopped(self.at))

    def cancel_running(self, names: Iterable[ClockName] = HOTLINE_CLOCKS) -> None:
        """What is promised on the spot stands, whatever becomes of the ticket."""
        for clock in self.clocks:
            if clock.is_running and clock.name in names:
                self.put(clock.cancelled(self.at))

    def move(
        self,
        clock: Clock | None,
        *,
        due: datetime | None,
        rule: str,
        start: datetime,
        calendar: WorkCalendar | None = None,
        pardon: bool = False,
    ) -> None:
        """A new due for a clock that is neither stopped nor missed (ruling 7).

        One whose limit and start are as before keeps its due: what a calendar corrected since
        would make of it is for `ticket.clocks_corrected` to say. With `pardon` a missed one moves
        too: the platform that set the limit has moved it.
        """
        if clock is None or not clock.is_running or (clock.is_missed(self.at) and not pardon):
            return
        stands = "=" in rule and ":" not in rule and clock.due is not None and due is not None
        if (clock.due, clock.start) == (due, start) or (
            stands and (clock.rule, clock.start) == (rule, start)
        ):
            return
        calendar = calendar or self.calendar
        warn = None if due is None else warn_at(start, due, calendar)
        self.put(
            replace(
                clock,
                start=start,
                due=due,
                warn=warn,
                rule=rule,
                limits=self.rulebook.limits_at(start).version,
                calendar=calendar.version,
                warned=clock.warned and warn is not None and warn <= self.at,
                missed=clock.missed and due is not None and due <= self.at,
            )
        )

    def _next_ordinal(self, name: ClockName) -> int:
        return 1 + sum(
            1 for clock in self.clocks if clock.name is name and clock.round == self.ticket.round
        )

    def start_report(self, start: datetime) -> None:
        """The first report on an urgent ticket: wall clock from any hour, no window to wait for."""
        if self.ticket.urgency is not Urgency.NORMAL:
            due, rule = self.report_due(start)
            self.start(ClockName.INTERIM_REPORT, start, due=due, rule=rule)

    def reset_report(self) -> None:
        """After a change of urgency: raised, it starts now; lowered, nobody waits for it."""
        clock = self.latest(ClockName.INTERIM_REPORT)
        if clock is None or clock.outcome is ClockOutcome.CANCELLED:
            if not self.ticket.is_reported:
                self.start_report(self.at)
        elif self.ticket.urgency is Urgency.NORMAL:
            self.cancel_running((ClockName.INTERIM_REPORT,))
        else:
            due, rule = self.report_due(clock.start)
            self.move(clock, due=due, rule=rule, start=clock.start)

    # -- groups that go together

    def start_own(self) -> None:
        """`complete` and `reply` of the present round."""
        start, due, rule = self.complete_due()
        self.start(ClockName.COMPLETE, start, due=due, rule=rule)
        if self.ticket.reply_exempt:
            self.exempt(ClockName.REPLY, start)
        else:
            self.start(ClockName.REPLY, start, due=self.reply_dues(due), rule=f"reply:{rule}")

    def start_unit(self, unit: str) -> None:
        """`unit_accept` and `unit_complete` of the lead or an assist, from the dispatch."""
        start, due, rule = self.limited(self.accept_limit("unit"), self.at)
        self.start(ClockName.UNIT_ACCEPT, start, due=due, rule=rule, unit=unit)
        start, earlier, rule = self.unit_complete_due(self.at)
        calendar = self.calendar_of_complete
        self.start(
            ClockName.UNIT_COMPLETE, start, due=earlier, rule=rule, unit=unit, calendar=calendar
        )

    @property
    def calendar_of_complete(self) -> WorkCalendar:
        complete = self.latest(ClockName.COMPLETE)
        named = self.rulebook.calendar_named(complete.calendar) if complete is not None else None
        return named or self.calendar

    def unit_complete_due(self, dispatched_at: datetime) -> tuple[datetime, datetime | None, str]:
        """Hangs on the clock `complete` as it stands, in the calendar that one was set by."""
        complete = self.latest(ClockName.COMPLETE)
        assert complete is not None
        due = None
        if complete.due is not None:
            due = unit_due(complete.start, complete.due, self.calendar_of_complete)
        return dispatched_at, due, f"lead_time:{complete.rule}"

    def reset(self) -> None:
        """Recompute what still runs after urgency, type or an upstream due changed (ruling 7)."""
        ticket = self.ticket
        if ticket.round == 1:
            for name, limit in (
                (ClockName.DESK_ACCEPT, self.accept_limit("desk")),
                (ClockName.FIRST_CONTACT, f"first_contact.{ticket.urgency}"),
            ):
                start, due, rule = self.limited(limit, ticket.clock_start)
                self.move(self.latest(name), due=due, rule=rule, start=start)
            self.reset_report()
        self.move_complete()
        for unit, dispatched_at in self._units():
            start, due, rule = self.limited(self.accept_limit("unit"), dispatched_at)
            self.move(self.latest(ClockName.UNIT_ACCEPT, unit), due=due, rule=rule, start=start)

    def move_complete(self, *, pardon: bool = False) -> None:
        """`complete` and all that hang on its due."""
        start, due, rule = self.complete_due()
        complete = self.latest(ClockName.COMPLETE)
        self.move(complete, due=due, rule=rule, start=start, pardon=pardon)
        self.move_reply(pardon=pardon)
        for unit, dispatched_at in self._units():
            began, earlier, why = self.unit_complete_due(dispatched_at)
            self.move(
                self.latest(ClockName.UNIT_COMPLETE, unit),
                due=earlier,
                rule=why,
                start=began,
                calendar=self.calendar_of_complete,
                pardon=pardon,
            )

    def move_reply(self, *, pardon: bool = False) -> None:
        complete, reply = self.latest(ClockName.COMPLETE), self.latest(ClockName.REPLY)
        if complete is None or reply is None:
            return
        if self.ticket.reply_exempt and reply.is_running:
            self.put(reply.cancelled(self.at))
            self.exempt(ClockName.REPLY, reply.start)
            return
        due = self.reply_dues(complete.due)
        rule = f"reply:{complete.rule}" if due == complete.due else "reply:feedback"
        self.move(reply, due=due, rule=rule, start=reply.start, pardon=pardon)

    def _units(self) -> list[tuple[str, datetime]]:
        lead = self.ticket.lead
        leads = [] if lead is None else [(lead.unit, lead.dispatched_at)]
        return leads + [(assist.unit, assist.dispatched_at) for assist in self.ticket.assists]
