"""What goes wrong between a command and its database, in words that say what to do."""

import contextlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from asyncpg.exceptions import PostgresError
from sqlalchemy.exc import DBAPIError

from shared.errors import Unavailable

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "28": "角色或口令不对，请核对地址中的用户名和口令",
        "3D": "没有这个库，请先建库",
        "42P01": "表结构尚未建立或已过时，请先运行 minhu migrate",
        "42703": "表结构尚未建立或已过时，请先运行 minhu migrate",
        "42883": "表结构尚未建立或已过时，请先运行 minhu migrate",
        "42501": "权限不足，请先运行 minhu migrate 授权",
        "55P03": "等不到锁，这一步原样未动，请稍后再运行一次",
        "53": "连接数或资源用尽，请稍后再试",
        "57": "数据库正在启动或关闭，请稍后再试",
    }
)


class DatabaseTrouble(Unavailable):
    code = "database-trouble"
    title = "数据库不可用"


@contextlib.contextmanager
def explain_trouble(url: str) -> Iterator[None]:
    """Turns what an operator can mend into DatabaseTrouble; anything else is a bug and passes."""
    try:
        yield
    except (DBAPIError, PostgresError) as error:
        reason = find_reason(getattr(getattr(error, "orig", error), "sqlstate", None) or "")
        if reason is None:
            raise
        raise DatabaseTrouble(f"数据库 {name_database(url)}：{reason}") from error
    except (OSError, TimeoutError) as error:
        raise unreachable(url) from error
    except Unavailable as error:
        if type(error) is not Unavailable or error.detail != error.title:
            raise
        raise unreachable(url) from error


def unreachable(url: str) -> DatabaseTrouble:
    return DatabaseTrouble(f"连不上数据库 {name_database(url)}，请确认它已启动、地址无误")


def find_reason(state: str) -> str | None:
    return REASONS.get(state) or REASONS.get(state[:2])


def name_database(url: str) -> str:
    """The address without its password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}{parts.path}"
