"""Who does something: a key and the person or system behind it."""

from dataclasses import dataclass

from shared.domain.words import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """`key` is the API key's public id (None for a platform or the system itself).

    `name` is the person or system; `unit` the one unit a `unit` (or `bi`) key is bound to.
    """

    role: Role
    name: str
    key: str | None = None
    unit: str | None = None


SYSTEM = Actor(role=Role.SYSTEM, name="minhu")
