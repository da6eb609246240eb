"""Scores as they are answered, against counts made from the ledgers alone."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from tests.storm.plan import UPDATES, Plan
from tests.storm.reckoning import Reckoning
from tests.storm.storm import Storm

PERIOD = "2026-11"
LIST = "/v1/tickets?limit=500"
GROUPS: dict[str, Callable[[Plan], str]] = {
    "unit": lambda plan: plan.unit,
    "trade": lambda plan: plan.trade,
    "source": lambda plan: plan.source,
}


async def check_scores(result: Reckoning, storm: Storm) -> None:
    for by, key_of in GROUPS.items():
        answer = await ask(storm, f"/v1/scores?period={PERIOD}&by={by}")
        plans = list(storm.plans.values())
        check_intake(result, answer, Counter(key_of(plan) for plan in plans), by=by)
        scored = [plan for plan in plans if plan.whole]
        check_rates(result, answer, scored, key_of)
    done = await asyncio.to_thread(storm.stage.run, "recompute", "--verify")
    if done.returncode:
        result.wrong.append(f"recompute: {done.stdout[-500:]}{done.stderr[-500:]}")


async def check_contents(result: Reckoning, storm: Storm) -> None:
    """The words of the highest revision stand, whatever came last; every ticket is in its state."""
    wanted = {
        storm.desk.numbers[name]: (plan.title(UPDATES), "followed_up" if plan.whole else "accepted")
        for name, plan in storm.plans.items()
        if name in storm.desk.numbers
    }
    path: str | None = LIST
    while path is not None:
        page = await ask(storm, path, of="dispatch")
        for one in page["items"]:
            found = (one["title"], one["state"])
            if found != wanted.pop(one["no"], None):
                result.wrong.append(f"{one['no']} is {found}")
        cursor = page["next_cursor"]
        path = f"{LIST}&cursor={cursor}" if cursor else None
    result.lost += [f"ticket {no}" for no in wanted]


async def ask(storm: Storm, path: str, *, of: str = "scoring") -> Any:
    door, key = storm.stage.doors[of], storm.stage.secrets.keys["leader"]
    while True:
        answer = await door.call("GET", path, {"authorization": f"Bearer {key}"}, patience=60)
        if answer is not None and answer.status == 200:
            return orjson.loads(answer.body)
        await asyncio.sleep(0.1)


def check_intake(result: Reckoning, answer: Any, wanted: Counter[str], *, by: str) -> None:
    rows = {row["key"]: row["intake"] for row in answer["rows"]}
    if rows != dict(wanted):
        result.wrong.append(f"scores by {by}: {rows}, sent {dict(wanted)}")
    if answer["total"]["intake"] != wanted.total():
        result.wrong.append(f"scores by {by}: total {answer['total']['intake']}")


def check_rates(
    result: Reckoning, answer: Any, plans: list[Plan], key_of: Callable[[Plan], str]
) -> None:
    """Each whole course ends satisfied; how it was valued is in the plan."""
    resolved = Counter(key_of(plan) for plan in plans if plan.valuation == "resolved")
    for row in answer["rows"]:
        count = sum(key_of(plan) == row["key"] for plan in plans)
        metrics = row["metrics"]
        told = (metrics["satisfaction_score"]["den"], metrics["actual_resolution_rate"]["den"])
        if told != (count, count):
            result.wrong.append(f"{row['key']}: rated {told}, sent {count}")
        if int(float(metrics["actual_resolution_rate"]["num"])) != resolved[row["key"]]:
            result.wrong.append(f"{row['key']}: {metrics['actual_resolution_rate']}")
