"""Everything the environment decides, read once at start-up and passed on."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, Field, IPvAnyNetwork, ValidationError, field_validator

from shared.errors import HotlineError

PREFIX = "MINHU_"
CREDENTIALS = "CREDENTIALS_DIRECTORY"


class MissingSetting(HotlineError):
    """The environment lacks something, or holds nonsense."""

    title = "环境变量缺失或有误"


class Settings(BaseModel, frozen=True):
    """No defaults for secrets or addresses.

    `keyring_file` holds the keys for hashing callers' numbers, sealing and cursors (mode 600).
    `delivery_batch`: deliveries drained in one transaction; `sweep_seconds`: between two sweeps.
    `callback_networks`: private networks that callbacks may go to; `callback_days`: without one
    success, after which a receiver is disabled; `callback_log_days`: how long calls are kept.
    `audit_folder`: where the heads of the audit chains are kept, outside the database.
    `trusted_proxies`: whose word on a caller's address is believed. `limit_*`: calls in a minute
    of one key, of one platform, of one address, and those of an address that show no valid
    credential; 0 for no limit. `session_*`: when a person's session ends. `oidc_*`: the bureau's
    own sign-in provider, and the private networks and authority it is reached by.
    """

    database_url: str
    redis_url: str
    keyring_file: Path
    env: str = "development"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    sandbox: bool = False
    docs: bool = False
    pool_size: int = Field(default=8, ge=1, le=100)
    delivery_batch: int = Field(default=100, ge=1, le=1000)
    sweep_seconds: float = Field(default=1.0, gt=0, le=60)
    max_pending_seconds: int = Field(default=300, ge=1)
    group_commit: bool = True
    callback_networks: tuple[IPvAnyNetwork, ...] = ()
    callback_days: int = Field(default=5, ge=1, le=365)
    callback_log_days: int = Field(default=30, ge=1, le=3650)
    audit_folder: Path | None = None
    trusted_proxies: tuple[IPvAnyNetwork, ...] = ()
    limit_key: int = Field(default=60_000, ge=0)
    limit_source: int = Field(default=300_000, ge=0)
    limit_address: int = Field(default=600_000, ge=0)
    limit_failures: int = Field(default=1_200, ge=0)
    session_idle_minutes: int = Field(default=30, ge=1, le=1440)
    session_hours: int = Field(default=12, ge=1, le=168)
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_secret_file: Path | None = None
    oidc_redirect_url: str | None = None
    oidc_networks: tuple[IPvAnyNetwork, ...] = ()
    oidc_ca_file: Path | None = None

    @field_validator("callback_networks", "trusted_proxies", "oidc_networks", mode="before")
    @classmethod
    def split(cls, given: object) -> object:
        """One after the other, with commas between."""
        return [one.strip() for one in given.split(",")] if isinstance(given, str) else given

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        keys = {name: PREFIX + name.upper() for name in cls.model_fields}
        given = {name: env[key] for name, key in keys.items() if env.get(key)}
        if env.get(CREDENTIALS):  # a file that systemd has laid out for this service alone
            given.setdefault("keyring_file", str(Path(env[CREDENTIALS]) / "keyring.json"))
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            wrong = "、".join(PREFIX + str(one["loc"][0]).upper() for one in error.errors())
            raise MissingSetting(f"请设置环境变量：{wrong}") from None
        if settings.sandbox and settings.env == "production":
            raise MissingSetting("MINHU_ENV=production 时不得使用沙箱（MINHU_SANDBOX）")
        if settings.oidc_issuer and not (settings.oidc_client_id and settings.oidc_redirect_url):
            raise MissingSetting(
                "设了 MINHU_OIDC_ISSUER，还须设 MINHU_OIDC_CLIENT_ID 和 MINHU_OIDC_REDIRECT_URL"
            )
        return settings
