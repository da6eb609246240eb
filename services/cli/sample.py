"""The sample organisation (样例) and its keys, for an empty database that is not production's."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from sqlalchemy import text

import shared
from services.cli.folder import write_private
from shared.domain.official import load_calendar_years, load_default_limits
from shared.domain.words import Role
from shared.identity import issue_key, secret_hash
from shared.identity.organisation import (
    OrganisationFile,
    load_calendar,
    load_limits,
    load_organisation,
)
from shared.identity.sources import add_source
from shared.tickets import Hotline

CALENDAR_VERSION = "2026.1"
SOURCES = ("city-12345", "district-platform")
# Every key has a person of its own, so that the two-person rule can be seen at work.
ROLE_KEYS = {
    "desk": (Role.DESK, "样例受理员"),
    "leader": (Role.LEADER, "样例局领导"),
    "admin": (Role.ADMIN, "样例管理员"),
    "bi": (Role.BI, "样例数据分析员"),
}
FIND_HASHES = text(
    "SELECT k.key_id, k.secret_hash FROM unnest(CAST(:ids AS text[])) AS wanted(id)"
    " CROSS JOIN LATERAL minhu_key(wanted.id) AS k"
)


@dataclass(frozen=True)
class SampleSecrets:
    """Plain texts, shown in the ready file and kept beside the data (mode 600)."""

    sources: dict[str, str]
    keys: dict[str, str]
    unit_keys: dict[str, str]


Keep = Callable[[SampleSecrets], None]


async def load_sample(hotline: Hotline, *, keep: Keep | None = None) -> SampleSecrets:
    """Bureau, units, calendar, limits, sources and keys, in one transaction.

    `keep` stores the secrets before it commits: there is no sample whose keys nobody knows.
    """
    data = (files(shared) / "data" / "sample-organisation.json").read_text("utf-8")
    organisation = OrganisationFile.model_validate_json(data)
    async with hotline.database.unscoped() as connection:
        bureau = await load_organisation(connection, organisation)
        await load_calendar(connection, bureau, CALENDAR_VERSION, load_calendar_years())
        await load_limits(connection, bureau, load_default_limits())
        sources = {
            name: await add_source(connection, bureau, name, keyring=hotline.keyring)
            for name in SOURCES
        }
        keys = {
            name: (await issue_key(connection, bureau, role=role, actor=actor)).plain
            for name, (role, actor) in ROLE_KEYS.items()
        }
        unit_keys = {
            unit.id: (
                await issue_key(
                    connection, bureau, role=Role.UNIT, unit=unit.id, actor=f"{unit.name}经办人"
                )
            ).plain
            for unit in organisation.units
            if unit.kind != "desk"
        }
        secrets = SampleSecrets(sources, keys, unit_keys)
        if keep is not None:
            keep(secrets)
    return secrets


def keep_secrets(secrets: SampleSecrets, path: Path) -> None:
    """Readable by its owner alone, whole or not at all."""
    write_private(path, json.dumps(asdict(secrets), ensure_ascii=False))


def read_secrets(path: Path) -> SampleSecrets | None:
    if not path.exists():
        return None
    return SampleSecrets(**json.loads(path.read_text("utf-8")))


async def is_known(hotline: Hotline, kept: SampleSecrets) -> bool:
    """Are they this database's? Another one may have taken its place since they were kept."""
    tokens = [*kept.keys.values(), *kept.unit_keys.values()]
    parts = [token.split("_", 2) for token in tokens]
    async with hotline.database.unscoped() as connection:
        found = await connection.execute(FIND_HASHES, {"ids": [key_id for _, key_id, _ in parts]})
        known = {row.key_id: bytes(row.secret_hash) for row in found}
    return all(known.get(key_id) == secret_hash(secret) for _, key_id, secret in parts)
