"""Keys and persons: what ends soon, what nobody uses, whom the provider should vouch for."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text

from services.cli.checks.finding import Finding, bad, good, watch
from shared.errors import HotlineError, Unavailable
from shared.settings import Settings
from shared.tickets import Hotline
from shared.web.oidc import open_provider

SOON_DAYS = 14
LONG_DAYS = 90
MOST_NAMED = 5
# One that another has followed is meant to end.
LIVE = text(
    "SELECT key_id || '（' || actor || '）' AS told,"
    " expires_at < clock_timestamp() + make_interval(days => :soon) AND NOT EXISTS"
    " (SELECT FROM api_keys AS n WHERE n.bureau_id = k.bureau_id"
    " AND n.rotated_from = k.key_id AND n.revoked_at IS NULL) AS ends_soon,"
    " coalesce(last_used_at, created_at) < clock_timestamp() - make_interval(days => :long)"
    " AS is_idle FROM api_keys AS k WHERE bureau_id = :bureau AND revoked_at IS NULL"
    " AND (expires_at IS NULL OR expires_at > clock_timestamp()) ORDER BY created_at, key_id"
)
LOCKED = text(
    "SELECT CASE WHEN f.kind = 'address' THEN f.subject"
    " ELSE coalesce(a.account, '没有这个登录名') END AS subject FROM sign_in_failures AS f"
    " LEFT JOIN accounts AS a ON a.bureau_id = f.bureau_id AND f.kind = 'account'"
    " AND f.subject = encode(sha256(a.account::bytea), 'hex')"
    " WHERE f.bureau_id = :bureau AND f.locked_until > clock_timestamp() ORDER BY f.kind, 1"
)


async def check_access(hotline: Hotline) -> list[Finding]:
    findings = []
    for slug, bureau in (await hotline.slugs()).items():
        async with hotline.database.transaction(bureau, writing=False) as tx:
            keys = await tx.rows(LIVE, bureau=bureau, soon=SOON_DAYS, long=LONG_DAYS)
            locked = [row.subject for row in await tx.rows(LOCKED, bureau=bureau)]
        findings += [*judge_keys(slug, keys), *judge_locks(slug, locked)]
    return [*findings, *await check_provider(hotline.settings)]


def judge_keys(slug: str, keys: Sequence[Any]) -> Iterator[Finding]:
    subject = f"{slug} 的接口密钥"
    ending = [row.told for row in keys if row.ends_soon]
    idle = [row.told for row in keys if row.is_idle]
    if ending:
        mend = "请运行 minhu keys rotate 编号，把新密钥交给持有人"
        yield watch(subject, f"{SOON_DAYS} 天内到期：{name(ending)}", mend)
    if idle:
        mend = "不再用的请运行 minhu keys revoke 编号"
        yield watch(subject, f"{LONG_DAYS} 天没有用过：{name(idle)}", mend)
    if not ending and not idle:
        yield good(subject, f"有效 {len(keys)} 个")


def judge_locks(slug: str, locked: Sequence[str]) -> Iterator[Finding]:
    """Says nothing where nobody is locked out."""
    if locked:
        yield watch(
            f"{slug} 的登录",
            f"失败过多而锁定：{name(locked)}",
            "本人忘记的用 minhu accounts unlock 或 reset；不是本人的，请查来源地址",
        )


def name(those: Sequence[str]) -> str:
    rest = f" 等 {len(those)} 个" if len(those) > MOST_NAMED else ""
    return "、".join(those[:MOST_NAMED]) + rest


async def check_provider(settings: Settings) -> list[Finding]:
    """Says nothing where none is set up."""
    try:
        async with open_provider(settings) as provider:
            if provider is None:
                return []
            await provider.metadata()
    except Unavailable as error:
        mend = "请核对 MINHU_OIDC_ISSUER；在内部网段的，把网段写进 MINHU_OIDC_NETWORKS"
        return [bad("统一认证", error.detail, mend)]
    except HotlineError as error:
        return [bad("统一认证", error.detail, "请改正后重启派单服务")]
    return [good("统一认证", f"{settings.oidc_issuer} 有应答")]
