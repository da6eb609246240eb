"""Stands between asyncpg and Postgres, at every commit.

A commit is `Transaction.commit`, or a writing statement on its own outside of any transaction.
Before: nothing is committed. After: all of it is. Either way the connection is then cut, so that
the caller learns nothing but that it is gone.
"""

import re
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from asyncpg import ConnectionDoesNotExistError
from asyncpg.connection import Connection
from asyncpg.prepared_stmt import PreparedStatement
from asyncpg.transaction import Transaction

WRITTEN = re.compile(
    r"\b(?:INSERT INTO|DELETE FROM|(?<!FOR )(?<!KEY )(?<!DO )UPDATE)\s+(?:public\.)?\"?(\w+)",
    re.IGNORECASE,
)
TAKES_AN_ID = "pg_current_xact_id()"


class Cut(StrEnum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Commit:
    """What is about to be committed. `tables`: those its statements write, in their order.

    `alone`: a statement of its own, which commits itself. `writes` is true of a transaction begun
    for writing as well, though it came to write nothing.
    """

    tables: tuple[str, ...]
    writes: bool
    alone: bool = False


Choose = Callable[[Commit], Cut | None]
Told = Callable[[Commit, Cut], None]
Method = Callable[..., Awaitable[Any]]


def tell_nobody(_: Commit, __: Cut) -> None:
    """For those who see what was cut by what they chose."""


def install(choose: Choose, told: Told = tell_nobody) -> ExitStack:
    """From now on `choose` is asked at every commit of this process, until the answer is closed.

    `told` hears of a cut once what it says is so, and before the caller does.
    """
    hook = Hook(choose, told)
    undone = ExitStack()
    for owner, name, method in (
        (Transaction, "start", hook.start),
        (Transaction, "commit", hook.commit),
        (PreparedStatement, "fetch", hook.fetch_prepared),
        (Connection, "fetch", hook.fetch),
        (Connection, "execute", hook.execute),
    ):
        plain = getattr(owner, name)
        setattr(owner, name, method(plain))
        undone.callback(setattr, owner, name, plain)
    return undone


class Hook:
    """Knows of every open transaction what it said so far."""

    def __init__(self, choose: Choose, told: Told) -> None:
        self.choose = choose
        self.told = told
        self.said: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()

    def start(self, plain: Method) -> Method:
        async def start(transaction: Any) -> None:
            if transaction._connection._top_xact is None:
                self.said[transaction._connection] = []
            await plain(transaction)

        return start

    def fetch_prepared(self, plain: Method) -> Method:
        async def fetch(statement: Any, *args: Any, **options: Any) -> Any:
            if statement._connection._top_xact is not None:
                self.said.setdefault(statement._connection, []).append(statement.get_query())
            return await plain(statement, *args, **options)

        return fetch

    def commit(self, plain: Method) -> Method:
        async def commit(transaction: Any) -> None:
            connection = transaction._connection
            if transaction._nested:
                await plain(transaction)
                return
            committed = read_commit(tuple(self.said.pop(connection, [])))
            cut = self.choose(committed)
            if cut is Cut.BEFORE:
                # Undone before the line goes dead, so that no lock outlives it by a moment.
                await transaction.rollback()
            else:
                await plain(transaction)
            if cut is not None:
                self._lose(connection, committed, cut)

        return commit

    def fetch(self, plain: Method) -> Method:
        return self._alone(plain)

    def execute(self, plain: Method) -> Method:
        return self._alone(plain)

    def _alone(self, plain: Method) -> Method:
        async def run(connection: Any, query: str, *args: Any, **options: Any) -> Any:
            if connection._top_xact is not None:
                self.said.setdefault(connection, []).append(query)
                return await plain(connection, query, *args, **options)
            if not tables_of(query):
                return await plain(connection, query, *args, **options)
            commit = Commit(tables_of(query), writes=True, alone=True)
            cut = self.choose(commit)
            answer = None
            if cut is not Cut.BEFORE:
                answer = await plain(connection, query, *args, **options)
            if cut is not None:
                self._lose(connection, commit, cut)
            return answer

        return run

    def _lose(self, connection: Any, commit: Commit, cut: Cut) -> NoReturn:
        self.told(commit, cut)
        connection.terminate()
        raise ConnectionDoesNotExistError("connection was closed in the middle of operation")


def read_commit(said: tuple[str, ...]) -> Commit:
    tables = tuple(dict.fromkeys(table for query in said for table in tables_of(query)))
    return Commit(tables, writes=bool(tables) or any(TAKES_AN_ID in query for query in said))


@lru_cache(maxsize=2048)
def tables_of(query: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(WRITTEN.findall(query)))
