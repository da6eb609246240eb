"""Random actions by random roles against the real stack; every invariant after every step.

The machine is Hypothesis's; the same seed gives the same courses. `MINHU_STEPS` asks for more.
"""

import asyncio
import functools
import itertools
import os
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from httpx import Response
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from shared.domain.ticket import Ticket
from shared.domain.words import TERMINAL_STATES, TicketState
from tests.conftest import Stack, Tell
from tests.platform import CREATED
from tests.stateful.moves import (
    ACTIONS,
    FIGURES,
    KEYS,
    NOTICES,
    body_of,
    by_other_hands,
    likely,
    notice_of,
    too_early,
)
from tests.stateful.world import World

WANTED = int(os.environ.get("MINHU_STEPS", "800"))
LONGEST = 100  # steps of one course, two of which may be one call
COURSES = 6 + WANTED // 90
MOST_TICKETS = 10
chances = st.integers(0, 59)
some = st.integers(0, MOST_TICKETS - 1)
DEEDS = (
    *["go on"] * 11,
    *["other hands", "too early"] * 2,
    "bring",
    "anything",
    "anything",
    "version",
    "again",
    "both",
    "hear",
    "time",
    "time",
)
LEAPS = (15, 90, 24 * 60, 31 * 24 * 60)
BACK = (0, 0, 0, 1, 5, 60, 9 * 24 * 60)
SETTLED = ("completed", "followed_up")
tally: dict[str, int] = {}
states: set[str] = set()
done: Counter[str] = Counter()


class Courses(RuleBasedStateMachine):
    """Each step tries something; then everything is checked."""

    def __init__(self, runner: asyncio.Runner, stack: Stack) -> None:
        super().__init__()
        self.world = World(runner, stack)
        self.nos = itertools.count(1)
        self.upstream: list[str] = []
        self.last: tuple[str, str, str, dict[str, Any], str, bytes] | None = None
        self.world.run(self.world.open())

    def teardown(self) -> None:
        try:
            self.world.run(self.world.check_end())
        finally:
            self.world.run(self.world.close())

    # -- what is done

    @initialize(need_reply=st.booleans(), confidential=st.booleans())
    def begin(self, *, need_reply: bool, confidential: bool) -> None:
        self.bring(need_reply=need_reply, confidential=confidential, anonymous=False)
        self.bring(need_reply=True, confidential=False, anonymous=need_reply)

    @rule(
        deed=st.sampled_from(DEEDS),
        which=some,
        chance=chances,
        who=st.sampled_from(KEYS),
        action=st.sampled_from(ACTIONS),
        kind=st.sampled_from(NOTICES),
        minutes=st.sampled_from(LEAPS),
        flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    )
    def do(  # noqa: PLR0917
        self,
        deed: str,
        which: int,
        chance: int,
        who: str,
        action: str,
        kind: str,
        minutes: int,
        flags: tuple[bool, bool, bool],
    ) -> None:
        """One rule for all, so that the likely deeds stay likely in every course."""
        match deed:
            case "bring":
                self.bring(need_reply=flags[0], confidential=flags[1], anonymous=flags[2])
            case "anything":
                self.try_anything(which, chance, who, action, BACK[chance % len(BACK)])
            case "other hands":
                ticket = self.pick(which, alive=True)
                self.act(ticket, *by_other_hands(ticket, chance), chance)
            case "too early":
                ticket = self.pick(which, alive=True)
                self.act(ticket, *too_early(ticket, chance), chance)
            case "version":
                self.act_on_a_version(which, chance)
            case "again":
                self.repeat_the_last_call(other=flags[0])
            case "both":
                self.two_at_once(which, chance)
            case "hear":
                self.hear(which, kind, chance)
            case "time":
                self.let_time_pass(minutes)
            case _:
                self.go_on(which, chance)

    def bring(self, *, need_reply: bool, confidential: bool, anonymous: bool) -> None:
        if len(self.upstream) == MOST_TICKETS:
            return self.go_on(int(anonymous), int(confidential))
        no = f"SH-{next(self.nos)}"
        flags = {
            "need_reply": need_reply,
            "is_confidential": confidential,
            "is_anonymous": anonymous,
            "received_at": self.world.now.isoformat(),
            "caller": None if anonymous else CREATED["caller"],
        }
        self.say("ticket.created", no, {**CREATED, **flags})
        self.upstream.append(no)
        return None

    def go_on(self, which: int, chance: int) -> None:
        ticket = self.pick(which, alive=True)
        who, action = likely(ticket, chance)
        self.act(ticket, who, action, chance)

    def try_anything(self, which: int, chance: int, who: str, action: str, back: int) -> None:
        dated = {}
        if back:
            at = self.world.now - timedelta(minutes=back)
            dated = {"at": at.isoformat(), "reason": "补录"}
        self.act(self.pick(which), who, action, chance, dated=dated)

    def act_on_a_version(self, which: int, chance: int) -> None:
        """A stale version is 412 whatever else; the right one changes nothing in the answer."""
        ticket = self.pick(which, alive=True)
        who, action = likely(ticket, chance)
        stale = self.act(ticket, who, action, chance, headers={"If-Match": '"0"'})
        assert stale.status_code in (403, 404, 412, 422), stale.text
        self.act(ticket, who, action, chance, headers={"If-Match": f'"{ticket.version}"'})

    def repeat_the_last_call(self, *, other: bool) -> None:
        """The same key: the same answer; with another body none at all."""
        if self.last is None:
            return
        who, no, action, body, key, answered = self.last
        sent = {**body, "reason": "另一份"} if other else body
        headers = {"Idempotency-Key": key}
        again = self.world.run(self.world.desk.act(who, no, action, headers=headers, **sent))
        if other:
            assert again.status_code in (403, 404, 422), again.text
        elif again.status_code == 200:
            assert again.content == answered
        self.unchanged("replay")

    def two_at_once(self, which: int, chance: int) -> None:
        """Both hold the present version: at most one wins."""
        ticket = self.pick(which, alive=True)
        who, action = likely(ticket, chance)
        body = body_of(action, ticket, into=self.other_than(ticket), chance=chance)
        headers = {"If-Match": f'"{ticket.version}"'}

        async def both() -> tuple[Response, Response]:
            desk = self.world.desk
            return await asyncio.gather(
                desk.act(who, ticket.no, action, headers=headers, **body),
                desk.act("desk", ticket.no, "contact", headers=headers, **CALL),
            )

        won = [one for one in self.world.run(both()) if one.status_code == 200]
        assert len(won) <= 1, "two writers of one version"
        self.changed(ticket.no) if won else self.unchanged("two at once")

    def hear(self, which: int, kind: str, chance: int) -> None:
        if kind == "ticket.voided" and chance % 8:
            kind = "ticket.urged"
        waiting = [one for one in self.world.seen.tickets.values() if one.state == "return_pending"]
        if waiting and chance % 2:
            kind = "ticket.return_decided"
        due = (self.world.now + timedelta(days=chance - 3)).isoformat()
        data = notice_of(kind, chance, due=due)
        no = self.upstream[which % len(self.upstream)]
        if kind == "ticket.return_decided" and waiting:
            no = waiting[0].upstream[0].no
        if kind == "ticket.rework":
            data, no = {**data, "of": no}, f"FH-{next(self.nos)}"
        self.say(kind, no, data)

    def let_time_pass(self, minutes: int) -> None:
        """Alarms may ring and tickets be archived; nothing else moves, and no version by alarms."""
        before = self.world.seen.tickets
        if any(one.archive_due and one.state.value in SETTLED for one in before.values()):
            minutes = LEAPS[-1]  # few come so far: long enough for them to be archived
        self.world.run(self.world.advance(60 * minutes))
        self.step("time")
        for ticket_id, ticket in self.world.seen.tickets.items():
            archived = ticket.state is not before[ticket_id].state
            assert ticket.version == before[ticket_id].version + archived

    # -- how it is done and looked at

    def pick(self, which: int, *, alive: bool = False) -> Ticket:
        tickets = list(self.world.seen.tickets.values())
        wanted = [one for one in tickets if one.state not in TERMINAL_STATES] if alive else []
        return (wanted or tickets)[which % len(wanted or tickets)]

    def other_than(self, ticket: Ticket) -> str:
        others = [one.no for one in self.world.seen.tickets.values() if one.no != ticket.no]
        return others[0] if others else ticket.no

    def say(self, kind: str, no: str, data: Mapping[str, Any]) -> None:
        response = self.world.run(self.world.push(kind, upstream_no=no, **data))
        assert response.status_code == 202, response.text
        self.step(kind)
        self.world.answers.clear()

    def act(
        self,
        ticket: Ticket,
        who: str,
        action: str,
        chance: int,
        *,
        headers: Mapping[str, str] | None = None,
        dated: Mapping[str, str] | None = None,
    ) -> Response:
        body = body_of(action, ticket, into=self.other_than(ticket), chance=chance)
        body |= dated or {}
        key = f"key-{next(self.nos)}"
        self.remember_answer(ticket.no)
        response = self.world.run(
            self.world.desk.act(
                who, ticket.no, action, headers={"Idempotency-Key": key, **(headers or {})}, **body
            )
        )
        assert response.status_code in (200, 403, 404, 409, 412, 422), response.text
        if response.status_code == 200:
            done[action] += 1
            self.changed(ticket.no)
            if not headers:
                self.last = (who, ticket.no, action, body, key, response.content)
        else:
            self.unchanged(action)
        tally[f"{response.status_code}"] = tally.get(f"{response.status_code}", 0) + 1
        return response

    def remember_answer(self, no: str) -> None:
        if no not in self.world.answers:
            self.world.answers[no] = self.world.run(self.world.read(no))

    def changed(self, no: str) -> None:
        """A version grows when, and only when, what the desk reads has changed."""
        before = {one.no: one for one in self.world.seen.tickets.values()}
        self.step("done")
        after = {one.no: one for one in self.world.seen.tickets.values()}
        assert after[no].seq > before[no].seq, "a success that recorded nothing"
        for each, ticket in after.items():
            told = self.world.answers.get(each)
            if told is not None and ticket.seq != before[each].seq:
                now = self.world.run(self.world.read(each))
                differs = {**now, "version": 0} != {**told, "version": 0}
                grown = ticket.version > told["version"]
                assert grown or not differs, "the answer changed, the version did not"
                self.world.answers[each] = now

    def unchanged(self, what: str) -> None:
        before = self.world.seen
        self.step("refused")
        assert self.world.seen == before, f"{what} was refused and changed something"

    def step(self, kind: str) -> None:
        self.world.run(self.world.check())
        tally["steps"] = tally.get("steps", 0) + 1
        for ticket in self.world.seen.tickets.values():
            states.add(ticket.state.value)


CALL = {"result": "reached", "mode": "phone", "content": "再次告知"}


def test_no_course_of_actions_breaks_what_must_hold(stack: Stack, tell: Tell) -> None:
    tally.clear()
    states.clear()
    done.clear()
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            functools.partial(Courses, runner, stack),  # type: ignore[arg-type]
            settings=settings(
                max_examples=COURSES,
                stateful_step_count=LONGEST,
                derandomize=True,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    tell(f"{tally}\n{dict(done)}")
    assert tally["steps"] >= WANTED
    missing = ({state.value for state in TicketState} - states) | (set(FIGURES) - set(done))
    assert WANTED < 2000 or not missing, f"nobody came to {missing}"
