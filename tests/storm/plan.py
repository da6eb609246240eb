"""What each ticket of a storm is, decided by seed and number alone."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

SOURCES = ("city-12345", "district-platform")
UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "sanitation-section": ("sanitation", "S-05"),
        "greening-section": ("greening", "G-01"),
        "appearance-section": ("appearance", "A-04"),
        "greening-centre": ("greening", "G-07"),
    }
)
# One unit has a system of its own, which hears of these.
SUBSCRIBER = "sanitation-section"
SUBSCRIBED = ("ticket.dispatched", "ticket.contacted", "ticket.accepted", "ticket.completed")
WHOLE_EVERY = 10  # one in so many goes on to its score
URGENT_SHARE = 0.05
UPDATES = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """`whole`: through feedback, reply and follow-up as well."""

    number: int
    seed: int
    source: str
    unit: str
    urgency: str
    whole: bool
    valuation: str

    @property
    def upstream_no(self) -> str:
        return f"SH{self.seed}-{self.number:06d}"

    @property
    def trade(self) -> str:
        return UNITS[self.unit][0]

    @property
    def category(self) -> str:
        return UNITS[self.unit][1]

    def title(self, revision: int) -> str:
        return f"模拟来件{self.number}第{revision}稿"

    def chance(self, purpose: str) -> random.Random:
        return random.Random(f"{self.seed}:{self.number}:{purpose}")


def make_plans(seed: int, tickets: int) -> Iterator[Plan]:
    for number in range(tickets):
        chance = random.Random(f"{seed}:{number}")
        yield Plan(
            number=number,
            seed=seed,
            source=SOURCES[number % 5 == 4],
            unit=chance.choice(sorted(UNITS)),
            urgency="urgent" if chance.random() < URGENT_SHARE else "normal",
            whole=number % WHOLE_EVERY == 0,
            valuation=chance.choice(["resolved", "resolved", "explained"]),
        )


def created_data(plan: Plan, received_at: str) -> dict[str, Any]:
    """No two callers, addresses or contents are alike, so nothing is a repeat of anything."""
    number = plan.number
    words = plan.chance("words")
    letters = "".join(chr(words.randrange(0x4E00, 0x9000)) for _ in range(40))
    return {
        "upstream_no": plan.upstream_no,
        "revision": 0,
        "appeal_type": "complaint",
        "urgency": plan.urgency,
        "title": plan.title(0),
        "content": f"模拟：{letters}",
        "address": f"静安区示例路{number}号旁",
        "caller": {"name": "张测试", "phone": f"1990{number:07d}"},
        "is_anonymous": False,
        "is_confidential": False,
        "need_reply": True,
        "received_at": received_at,
    }
