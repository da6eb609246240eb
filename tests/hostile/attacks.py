"""`docs/attacks.md`: each attack, what holds, its test, and what broken made the test fail."""

from collections.abc import Mapping, Sequence

from tests.hostile.breaking import Verdict
from tests.hostile.mutation import ROOT, Border, Mutation

PAGE = ROOT / "docs" / "attacks.md"
HEAD = """# 攻击与防守

> 本页由 `make mutations` 写成，有测试核对，请勿手改。每一行：怎样攻击，靠什么守住，哪一项测试看着，
> 以及把守住的那一处改坏之后，这项测试在哪一句失败。改坏的原文和替换在
> `tests/hostile/mutations/`，一类一个文件；`make mutations` 在副本里逐一改坏、逐一运行，
> 有一处没有察觉便不通过。

"""
UNSEEN = "尚未见过"
COLUMNS = "| 攻击 | 守住 | 测试 | 改坏 | 失败于 |\n|---|---|---|---|---|\n"


def page(borders: Sequence[Border], found: Mapping[Mutation, Verdict]) -> str:
    tests = {one.test for border in borders for one in border.mutations}
    total = sum(len(border.mutations) for border in borders)
    failed = sum(one.has_failed for one in found.values())
    counted = f"共 {len(tests)} 项测试，{total} 处改坏，{failed} 处见过失败。\n"
    return HEAD + counted + "".join(section(border, found) for border in borders)


def section(border: Border, found: Mapping[Mutation, Verdict]) -> str:
    rows = "".join(
        f"{start_of_row(one)} `{seen_at(found.get(one))}` |\n" for one in border.mutations
    )
    return f"\n## {border.title}\n\n{COLUMNS}{rows}"


def start_of_row(one: Mutation) -> str:
    """All of a row that is known without a run."""
    cells = (
        one.attack,
        one.holds,
        f"`{one.test_name}`",
        "、".join(f"`{path}`" for path in one.files),
    )
    return "| " + " | ".join(cells) + " |"


def seen_at(verdict: Verdict | None) -> str:
    if verdict is None or not verdict.has_failed:
        return UNSEEN
    return verdict.at.replace("|", "\\|").replace("`", "'")
