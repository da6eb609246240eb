"""What a key may be used for, where it may not be used for all that its role may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

READING = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyScope(StrEnum):
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    CALLERS_REVEAL = "callers:reveal"
    SUBSCRIPTIONS = "subscriptions"
    SCORES_READ = "scores:read"
    SCORES_WRITE = "scores:write"
    ADMIN = "admin"


# As an operator reads it.
SCOPES: Mapping[KeyScope, str] = MappingProxyType(
    {
        KeyScope.TICKETS_READ: "看工单、事项、告知、应急预案与事件",
        KeyScope.TICKETS_WRITE: "办理工单、事项，启停应急预案",
        KeyScope.CALLERS_REVEAL: "查看诉求人的一项信息",
        KeyScope.SUBSCRIPTIONS: "管理订阅与投递记录",
        KeyScope.SCORES_READ: "看考核",
        KeyScope.SCORES_WRITE: "考核方案、定版、检查录入",
        KeyScope.ADMIN: "隔离区、对账差异、搁置的投递、平台回调",
    }
)


@dataclass(frozen=True, slots=True)
class Doors:
    """Which scope a call to one service asks for. `apart`: by the route's template, the first
    that its beginning or end matches; None for what every key may do."""

    read: KeyScope
    write: KeyScope
    apart: tuple[tuple[str, KeyScope | None], ...] = ()

    def scope_of(self, method: str, route: str) -> KeyScope | None:
        for part, scope in self.apart:
            if route == part or route.startswith(f"{part}/") or route.endswith(f"}}{part}"):
                return scope
        return self.read if method in READING else self.write
