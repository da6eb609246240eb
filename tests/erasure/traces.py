"""All that Postgres and Redis hold, searched for words as somebody with the disk in hand would."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import asyncpg
from redis.asyncio import Redis

from shared.models import metadata
from shared.settings import Settings
from shared.vault.keyring import Keyring
from shared.vault.originals import open_original
from tests.conftest import BUREAU, Stack


async def open_inside(stack: Stack, settings: Settings) -> asyncpg.Connection:
    """As the superuser, whom no policy binds."""
    database = settings.database_url.rsplit("/", 1)[1]
    return await asyncpg.connect(stack.superuser_url.rsplit("/", 1)[0] + f"/{database}")


async def dump_database(inside: asyncpg.Connection, keyring: Keyring) -> dict[str, bytes]:
    """Every row of every table, by table; what is stored as bytes also as these bytes.

    Originals of messages are opened too. When a key was last used is written at no set time.
    """
    found = {}
    for table in sorted(metadata.tables.keys() - {"api_keys"}):
        rows = await inside.fetch(f'SELECT * FROM "{table}"')
        found[table] = b"\n".join(part for row in rows for part in spelt(row.values()))
    opened = [
        open_original(
            row[column], row[key], Numbered(row["message_id"]), bureau=BUREAU, keyring=keyring
        )
        for row in await inside.fetch("SELECT * FROM raw_messages ORDER BY arrival")
        for column, key in (("body", "seal_key_id"), ("mended", "mended_key_id"))
    ]
    found["raw_messages"] = b"\n".join([found["raw_messages"], *(one or b"" for one in opened)])
    return found


class Numbered(NamedTuple):
    message_id: uuid.UUID


def spelt(values: Iterable[Any]) -> Iterator[bytes]:
    for value in values:
        if isinstance(value, bytes):
            yield value
            yield value.hex().encode()
        else:
            yield str(value).encode()


async def dump_redis(url: str) -> bytes:
    client: Redis = Redis.from_url(url)
    try:
        keys = await client.keys("*")
        values = [await client.dump(key) for key in keys]
    finally:
        await client.aclose()
    return b"\n".join([*keys, *(value or b"" for value in values)])


def hits(dump: Mapping[str, bytes], words: Iterable[str]) -> set[tuple[str, str]]:
    """(table, word): plain, as hexadecimals, and as JSON with escapes."""
    return {
        (table, word)
        for table, held in dump.items()
        for word in words
        if any(form in held for form in forms(word))
    }


def forms(word: str) -> Iterator[bytes]:
    yield word.encode()
    yield word.encode().hex().encode()
    yield word.encode("unicode_escape")
