"""The callbacks as the receiver kept them: every state once, in the ticket's order."""

from collections import defaultdict
from collections.abc import Sequence

from tests.storm.desk import EVENTS, STATES
from tests.storm.plan import SUBSCRIBED, SUBSCRIBER
from tests.storm.receiver import UNIT_SYSTEM, Told
from tests.storm.reckoning import Reckoning
from tests.storm.storm import Storm


def check_callbacks(result: Reckoning, storm: Storm) -> None:
    heard: dict[tuple[bool, str], list[Told]] = defaultdict(list)
    for told in storm.receiver.told:
        heard[(told.receiver == UNIT_SYSTEM, told.name)].append(told)
    for upstream_no, course in storm.desk.courses.items():
        plan, no = storm.plans[upstream_no], storm.desk.numbers[upstream_no]
        states = ["received", *(STATES[act.name] for act in course if act.name in STATES)]
        check_ticket(result, upstream_no, heard.pop((False, upstream_no), []), states)
        result.callbacks += len(states)
        if plan.unit == SUBSCRIBER:
            types = [EVENTS[act.name] for act in course if EVENTS[act.name] in SUBSCRIBED]
            check_ticket(result, no, heard.pop((True, no), []), types)
            result.callbacks += len(types)
    result.wrong += [f"callback on {name}, which is nobody's here" for _, name in heard]


def check_ticket(
    result: Reckoning, name: str, calls: Sequence[Told], wanted: Sequence[str]
) -> None:
    ids: dict[str, set[str]] = defaultdict(set)
    for one in calls:
        ids[one.word].add(one.message_id)
    accepted = {one.word for one in calls if 200 <= one.status < 300}
    result.lost += [f"callback {name} {word}" for word in wanted if word not in accepted]
    result.doubled += [
        f"callback {name} {word} under {len(names)} ids"
        for word, names in ids.items()
        if len(names) > 1
    ]
    result.wrong += [f"callback {name} {word}" for word in ids if word not in wanted]
    if not is_in_order(calls, wanted):
        told = " ".join(f"{one.word}:{one.status}" for one in calls)
        result.disorder.append(f"callbacks {name}: {told}")


def is_in_order(calls: Sequence[Told], wanted: Sequence[str]) -> bool:
    """Nothing is told before all that came earlier was accepted, nor again once more was told."""
    done = 0  # so many of `wanted` were accepted
    for one in calls:
        if one.word not in wanted:
            continue
        place = list(wanted).index(one.word)
        if place not in (done, done - 1):
            return False
        if place == done and 200 <= one.status < 300:
            done += 1
    return True
