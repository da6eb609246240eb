"""A connection that knows what its process has asked the server before.

asyncpg knows `text[]` but not `bigint[]`: on every new connection it asks what such a type is made
of, in three round trips. The types that every server has are told once, to all connections.
"""

from typing import Any, NamedTuple

import asyncpg

# Below it are the types of every server, the same in all of them.
FIRST_OWN_OID = 16_384
known: dict[frozenset[int], list[Any]] = {}


class Named(NamedTuple):
    """Stands for the question: nothing was asked, so no unnamed statement was lost."""

    name: str = "known"


class Connection(asyncpg.Connection):  # type: ignore[misc, unused-ignore]
    async def _introspect_types(self, typeoids: Any, timeout: Any) -> Any:  # noqa: ASYNC109
        wanted = frozenset(typeoids)
        if wanted not in known:
            found, asked = await super()._introspect_types(typeoids, timeout)
            if max(wanted) < FIRST_OWN_OID:
                known[wanted] = found
            return found, asked
        return known[wanted], Named()
