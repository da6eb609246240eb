"""Whose rows a transaction sees, and what a unit's may see beyond its own."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Scope:
    """A whole bureau, or in it what one unit may see. Routes have theirs from who asks."""

    bureau: int
    unit: str | None = None

    @classmethod
    def of(cls, whose: "Scope | int") -> "Scope":
        """A number alone is the whole bureau: work that nobody asked for."""
        return whose if isinstance(whose, Scope) else cls(whose)


class Wider(StrEnum):
    """Why a unit's transaction needs rows beyond its own. None of them is shown to anybody."""

    ENDING = "what is still owed to a subscription ends with it, also of tickets seen no more"
    RULEBOOK = "what a process keeps of a bureau is the same whoever asks first"
    REPEATS = "repeats of a matter are counted, whoever handles them"
    RANKS = "a unit is ranked among all its peers"
    FOLDING = "what is not counted yet is folded from the whole log of its tickets"
    LEFT = "of a round that has left, its number alone is told"
    NUMBER = "rounds are found by the number of their ticket, whoever handles that by now"
    BARRED = "what a unit may never find is found out, so as to leave it out"
    STORY = "why a figure that may be seen has moved stands in the log of its ticket"
