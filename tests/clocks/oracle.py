"""What the clocks of one ticket should be, told anew from contract §7 rulings 1 to 9.

Imports nothing of ours but the counter beside it. A ticket is a dictionary, a step a tuple of a
name, its time and its values.
"""

from typing import Any

from tests.clocks import counter

NORMAL = "08:30-17:30"
COMPLETE_LIMITS = {"consult": 1, "suggestion": 1}  # working days; all other types have five
Clock = dict[str, Any]
Step = tuple[str, int, dict[str, Any]]


class Oracle:
    """`clocks` in the order they were first set."""

    def __init__(self, start: int, received: dict[str, Any]) -> None:
        self.t = {"round": 1, "start": start, "round_start": start, **received}
        self.t |= {"supervised": None, "feedback": None, "dispatched": None, "contacts": []}
        self.pauses: list[tuple[int, int | None]] = []
        self.clocks: list[Clock] = []
        self.set("desk_accept", *self.accept("wh", start))
        if self.no_caller:
            self.set("first_contact", start, None, outcome="exempt")
        else:
            self.set("first_contact", *self.contact_due())
        self.open_round()

    @property
    def no_caller(self) -> bool:
        return bool(self.t["is_anonymous"]) and not self.t["has_phone"]

    # what each limit is

    def accept(self, unit: str, at: int) -> tuple[int, int]:
        minutes = {"urgent": 15, "sub_urgent": 30}.get(self.t["urgency"])
        if minutes is None:
            return counter.due(at, 2, unit, NORMAL)
        return counter.due(at, minutes, "min", NORMAL)

    def contact_due(self) -> tuple[int, int]:
        hours = {"urgent": 1, "sub_urgent": 2}.get(self.t["urgency"])
        if hours is None:
            return counter.due(self.t["start"], 1, "wd", NORMAL)
        return counter.due(self.t["start"], hours, "h", NORMAL)

    def complete_due(self) -> tuple[int, int | None]:
        t = self.t
        start = t["start"] if t["round"] == 1 else t["round_start"]
        due = t["upstream_due"] if t["round"] == 1 else None
        if due is None:
            due = ours = counter.end_of_workday(start, self.days())
            for begins, ends in self.pauses:
                if ends is not None:
                    due = ours = counter.paused(start, ours, [(begins, ends)], "wd")
                elif begins < ours:
                    due = None
        if t["supervised"] is not None and (due is None or t["supervised"] < due):
            due = t["supervised"]
        return start, due

    def days(self) -> int:
        t = self.t
        if t["round"] > 1 or t["ticket_kind"] in ("rework", "supervised"):
            return 3
        return 15 if t["complex_approved"] else COMPLETE_LIMITS.get(t["appeal_type"], 5)

    def reply_due(self, complete: int | None) -> int | None:
        if complete is None or self.t["feedback"] is None:
            return complete
        return min(complete, counter.end_of_workday(self.t["feedback"], 1))

    # setting and moving

    def set(self, name: str, start: int, due: int | None, outcome: str | None = None) -> None:
        same = [
            one for one in self.clocks if one["name"] == name and one["round"] == self.t["round"]
        ]
        self.clocks.append(
            {"name": name, "round": self.t["round"], "ordinal": len(same) + 1, "start": start,
             "due": due, "outcome": outcome, "stopped": None}
        )  # fmt: skip

    def latest(self, name: str) -> Clock | None:
        found = [one for one in self.clocks if one["name"] == name]
        return found[-1] if found and found[-1]["round"] == self.t["round"] else None

    def move(self, name: str, at: int, start: int, due: int | None) -> None:
        clock = self.latest(name)
        if clock and clock["outcome"] is None and not self.is_missed(clock, at):
            clock.update(start=start, due=due)

    @staticmethod
    def is_missed(clock: Clock, at: int) -> bool:
        return clock["due"] is not None and at > clock["due"]

    def stop(self, name: str, at: int) -> None:
        clock = self.latest(name)
        if clock and clock["outcome"] is None:
            clock.update(outcome="late" if self.is_missed(clock, at) else "met", stopped=at)

    def open_round(self) -> None:
        start, due = self.complete_due()
        self.set("complete", start, due)
        if not self.t["need_reply"] or self.no_caller:
            self.set("reply", start, None, outcome="exempt")
        else:
            self.set("reply", start, self.reply_due(due))

    def unit_due(self) -> int | None:
        complete = self.latest("complete")
        assert complete is not None
        due = complete["due"]
        return None if due is None else counter.unit_due(complete["start"], due)

    def move_complete(self, at: int) -> None:
        self.move("complete", at, *self.complete_due())
        self.move_reply(at)
        if self.t["dispatched"] is not None:
            self.move("unit_complete", at, self.t["dispatched"], self.unit_due())

    def move_reply(self, at: int) -> None:
        complete, reply = self.latest("complete"), self.latest("reply")
        assert complete is not None
        assert reply is not None
        self.move("reply", at, reply["start"], self.reply_due(complete["due"]))

    def reset(self, at: int) -> None:
        if self.t["round"] == 1:
            self.move("desk_accept", at, *self.accept("wh", self.t["start"]))
            self.move("first_contact", at, *self.contact_due())
        self.move_complete(at)
        if self.t["dispatched"] is not None:
            self.move("unit_accept", at, *self.accept("wh", self.t["dispatched"]))

    # the steps

    def take(self, step: Step) -> None:
        name, at, values = step
        if name in ("resume", "feedback", "reply", "complete"):
            self.resume(at)
        getattr(self, f"on_{name}")(at, **values)

    def resume(self, at: int) -> None:
        if self.pauses and self.pauses[-1][1] is None:
            self.pauses[-1] = (self.pauses[-1][0], at)
            self.move_complete(at)

    def on_resume(self, at: int) -> None:
        pass

    def on_pause(self, at: int) -> None:
        self.pauses.append((at, None))
        self.move_complete(at)

    def on_triage(self, at: int, urgency: str | None) -> None:
        self.t["urgency"] = urgency or self.t["urgency"]
        self.stop("desk_accept", at)
        self.reset(at)

    def on_update(self, at: int, **changes: Any) -> None:
        self.t |= changes
        self.reset(at)

    def on_supervise(self, at: int, due: int | None) -> None:
        due = due if due is not None else counter.end_of_workday(at, 3)
        standing = self.t["supervised"]
        self.t["supervised"] = due if standing is None else min(due, standing)
        self.move_complete(at)

    def on_dispatch(self, at: int) -> None:
        self.t["dispatched"] = at
        self.set("unit_accept", *self.accept("wh", at))
        self.set("unit_complete", at, self.unit_due())

    def on_accept(self, at: int) -> None:
        self.stop("unit_accept", at)

    def on_contact(self, at: int, reached: bool) -> None:  # noqa: FBT001
        self.t["contacts"].append((at, reached))
        clock = self.latest("first_contact") if self.t["round"] == 1 else None
        if clock is None or clock["outcome"] is not None:
            return
        tries = [one for one, got in self.t["contacts"] if not got]
        halves = {one // (counter.DAY // 2) for one in tries}
        if not reached and (len(tries) < 3 or len(halves) < 2):
            return
        outcome = "met" if reached else "unreached"
        clock.update(outcome="late" if self.is_missed(clock, at) else outcome, stopped=at)

    def on_dispose(self, at: int) -> None:
        pass

    def on_feedback(self, at: int) -> None:
        self.t["feedback"] = at
        self.stop("unit_complete", at)
        self.move_reply(at)

    def on_reject(self, at: int) -> None:
        self.t["feedback"] = None
        clock = self.latest("unit_complete")
        assert clock is not None
        clock["outcome"] = "cancelled"
        self.set("unit_complete", clock["start"], clock["due"])
        self.move_reply(at)

    def on_reply(self, at: int) -> None:
        self.stop("reply", at)

    def on_complete(self, at: int) -> None:
        self.stop("complete", at)
        if self.no_caller:
            self.set("follow_up", at, None, outcome="exempt")
        else:
            self.set("follow_up", *counter.due(at, 2, "wd", NORMAL))

    def on_follow_up(self, at: int) -> None:
        self.stop("follow_up", at)

    def on_rework(self, at: int) -> None:
        for clock in self.clocks:
            if clock["outcome"] is None:
                clock.update(outcome="cancelled", stopped=at)
        self.pauses = []
        self.t |= {"round": self.t["round"] + 1, "round_start": at, "supervised": None}
        self.t |= {"feedback": None, "dispatched": None, "upstream_due": None}
        self.open_round()
