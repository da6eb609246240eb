"""Everything the environment decides, read once at start-up and passed on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, Field, ValidationError

from shared.errors import HotlineError

PREFIX = "MINHU_"


class MissingSetting(HotlineError):
    """The environment lacks something, or holds nonsense."""

    title = "环境变量缺失或有误"


class Settings(BaseModel, frozen=True):
    """No defaults for secrets or addresses.

    `keyring_file` holds the keys for hashing callers' numbers, sealing and cursors (mode 600).
    `delivery_batch`: deliveries drained in one transaction; `sweep_seconds`: between two sweeps.
    """

    database_url: str
    redis_url: str
    keyring_file: Path
    env: str = "development"
    sandbox: bool = False
    docs: bool = False
    pool_size: int = Field(default=8, ge=1, le=100)
    delivery_batch: int = Field(default=100, ge=1, le=1000)
    sweep_seconds: float = Field(default=1.0, gt=0, le=60)
    max_pending_seconds: int = Field(default=300, ge=1)
    group_commit: bool = True

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        keys = {name: PREFIX + name.upper() for name in cls.model_fields}
        given = {name: env[key] for name, key in keys.items() if env.get(key)}
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            wrong = "、".join(PREFIX + str(one["loc"][0]).upper() for one in error.errors())
            raise MissingSetting(f"请设置环境变量：{wrong}") from None
        if settings.sandbox and settings.env == "production":
            raise MissingSetting("MINHU_ENV=production 时不得使用沙箱（MINHU_SANDBOX）")
        return settings
