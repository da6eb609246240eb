"""The callbacks as the receiver kept them: every state once, in the ticket's order."""

from collections import defaultdict
from collections.abc import Sequence

from tests.storm.desk import STATES
from tests.storm.reckoning import Reckoning
from tests.storm.receiver import Told
from tests.storm.storm import Storm


def check_callbacks(result: Reckoning, storm: Storm) -> None:
    heard: dict[str, list[Told]] = defaultdict(list)
    for told in storm.receiver.told:
        heard[told.upstream_no].append(told)
    for upstream_no, course in storm.desk.courses.items():
        wanted = ["received", *(STATES[act.name] for act in course if act.name in STATES)]
        check_ticket(result, upstream_no, heard.pop(upstream_no, []), wanted)
        result.callbacks += len(wanted)
    result.wrong += [f"callback on {name}, which is no ticket" for name in heard]


def check_ticket(
    result: Reckoning, upstream_no: str, calls: Sequence[Told], wanted: Sequence[str]
) -> None:
    ids: dict[str, set[str]] = defaultdict(set)
    for one in calls:
        ids[one.state].add(one.message_id)
    accepted = list(dict.fromkeys(one.state for one in calls if 200 <= one.status < 300))
    result.lost += [f"callback {upstream_no} {state}" for state in wanted if state not in accepted]
    result.doubled += [
        f"callback {upstream_no} {state} under {len(names)} ids"
        for state, names in ids.items()
        if len(names) > 1
    ]
    result.wrong += [f"callback {upstream_no} {state}" for state in ids if state not in wanted]
    if not is_in_order(calls, wanted):
        told = " ".join(f"{one.state}:{one.status}" for one in calls)
        result.disorder.append(f"callbacks {upstream_no}: {told}")


def is_in_order(calls: Sequence[Told], wanted: Sequence[str]) -> bool:
    """Nothing is told before all that came earlier was accepted, nor again once more was told."""
    done = 0  # so many of `wanted` were accepted
    for one in calls:
        if one.state not in wanted:
            continue
        place = list(wanted).index(one.state)
        if place not in (done, done - 1):
            return False
        if place == done and 200 <= one.status < 300:
            done += 1
    return True
