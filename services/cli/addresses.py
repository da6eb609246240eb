"""Addresses of servers, checked before anything is opened on them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from shared.settings import MissingSetting, Settings

DATABASE = "MINHU_DATABASE_URL"
REDIS = "MINHU_REDIS_URL"
OWNER = "MINHU_OWNER_DATABASE_URL"


class Form(NamedTuple):
    """What an address has to look like; `shown` is told to whoever wrote another one."""

    schemes: tuple[str, ...]
    shown: str


POSTGRES = Form(("postgresql",), "postgresql://用户:口令@主机:端口/库名")
FORMS: Mapping[str, Form] = MappingProxyType(
    {
        DATABASE: POSTGRES,
        OWNER: POSTGRES,
        REDIS: Form(("redis", "rediss", "unix"), "redis://:口令@主机:端口/0"),
    }
)


def read_settings(env: Mapping[str, str]) -> Settings:
    """Raises MissingSetting, naming the variable that is absent or cannot be an address."""
    settings = Settings.from_env(env)
    check_address(DATABASE, settings.database_url)
    check_address(REDIS, settings.redis_url)
    return settings


def check_address(name: str, url: str) -> None:
    """The address itself is not shown: it holds a password."""
    form = FORMS[name]
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme == "unix" or (parts.hostname and parts.port != 0)
        if form is POSTGRES:
            is_whole = is_whole and len(parts.path) > 1
    except ValueError:  # a port that is no number
        raise malformed(name, form) from None
    if not is_whole or parts.scheme not in form.schemes:
        raise malformed(name, form)


def malformed(name: str, form: Form) -> MissingSetting:
    return MissingSetting(f"{name} 不是可用的地址，应形如 {form.shown}，口令中的特殊字符须转义")
