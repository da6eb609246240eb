"""A ticket's course being written: calls are added in any order and come out in time's."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shared.sandbox.year.agenda import Agenda
from shared.sandbox.year.draft import Draft
from shared.sandbox.year.people import SECTIONS
from shared.sandbox.year.steps import Contact, PlannedTicket, Step
from shared.sandbox.year.texts import phrases
from shared.sandbox.year.texts.compose import Words

BACKDATE = timedelta(minutes=9, seconds=30)


class Course:
    """The calls of one ticket so far, with what its texts are made of."""

    def __init__(self, draft: Draft, agenda: Agenda, rng: Random) -> None:
        self.draft = draft
        self.agenda = agenda
        self.rng = rng
        self.words = Words(
            rng,
            draft.scene,
            place=draft.place,
            caller=draft.address_term,
            excess=draft.excess,
        )
        section, executor = draft.hand
        facts = "部分属实" if draft.finding.fact == "partly_true" else "属实"
        self.words.know(section=section, executor=executor, fact=facts)
        if draft.story:
            self.words.know(works=draft.story.works)
        if draft.finding.fact == "kept":
            self.words.know(works=phrases.KEPT_WORKS, result=phrases.KEPT_RESULT)
        self._steps: list[Step] = []

    def tell(self, now: datetime, source: str, name: str, data: Mapping[str, Any]) -> None:
        """A message of a platform."""
        self._steps.append(Step(now, source, name, data, is_message=True))

    def act(
        self,
        now: datetime,
        who: str,
        name: str,
        body: Mapping[str, Any],
        *,
        contact: Contact = Contact.NONE,
    ) -> None:
        """An action of the desk, a leader or a unit."""
        self._steps.append(Step(now, who, name, body, contact=contact))

    def act_on_matter(
        self, now: datetime, who: str, name: str, body: Mapping[str, Any], *, keeps: bool = False
    ) -> None:
        """An action on the matter that the ticket is on by then."""
        self._steps.append(Step(now, who, name, body, is_on_matter=True, keeps=keeps))

    def sitting(self, index: int) -> datetime:
        return self.agenda.sittings[index]

    def between(self, first: int, last: int) -> datetime:
        """A sitting from `first` to `last`; `first` where nothing lies between."""
        return self.sitting(self.rng.randint(first, max(first, last)))

    def finish(self) -> PlannedTicket:
        """Calls in order of time; units type in a few minutes after the deed."""
        ordered = sorted(self._steps, key=lambda step: step.now)
        told: list[Step] = []
        latest = self.draft.arrival.pushed_at
        for step in ordered:
            is_units = step.who in SECTIONS
            dated = replace(step, at=self._deed(step.now, latest)) if is_units else step
            latest = max(latest, dated.time)
            told.append(dated)
        return PlannedTicket(self.draft.no, tuple(told))

    def _deed(self, now: datetime, latest: datetime) -> datetime | None:
        earliest = max(latest, now - BACKDATE)
        room = int((now - earliest).total_seconds())
        return None if room < 20 else now - timedelta(seconds=self.rng.randrange(1, room))
