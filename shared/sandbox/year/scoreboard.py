"""The scoreboard on the terminal: what the bureau would report, every figure from the APIs."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from shared.sandbox.year.ready import read_stack
from shared.sandbox.year.report import Report, Row, Story, read_report

WIDTH = 100
RATES = (
    ("first_contact_rate", "先行联系率", "回访时市民答“工作人员先联系过”"),
    ("on_time_completion_rate", "按时办结率", "按时限内办结计"),
    ("timely_reply_rate", "及时回复率", "需答复的实名件"),
    ("actual_resolution_rate_reasonable_only", "实际解决率（合理诉求）", "属实且诉求合理的件"),
    ("actual_resolution_rate", "实际解决率（全部口径）", "含咨询、诉求过高等解释件"),
)
TRADES = {"greening": "绿化", "appearance": "市容", "sanitation": "环卫", "landscape": "景观"}
BAR_FROM, BAR_WIDTH = 80, 30
TOP_STREETS = 5
FACTS = {"true": "事实属实", "partly_true": "部分属实", "untrue": "不属实"}
APPEALS = {"reasonable": "诉求合理", "excessive": "诉求过高", "no_policy_basis": "无政策依据"}
STATE_NAMES = {"archived": "已归档", "followed_up": "已回访", "completed": "已办结"}


def show_scoreboard(ready: Mapping[str, Any], *, console: Console | None = None) -> Report:
    """Reads the year from the APIs of the ready file's stack, prints it and returns it."""
    report = read_report(read_stack(ready))
    print_report(report, console or Console(width=WIDTH, highlight=False))
    return report


def print_report(report: Report, console: Console) -> None:
    console.print()
    title = "静安区绿化和市容管理局 12345 市民服务热线 2022 年办理情况"
    console.rule(f"{title}【模拟数据】", characters="─")
    console.print(
        f"全年受理工单 {report.total['intake']:,} 件（市、区两级平台）。\n"
        "以下均为程序生成的模拟数据，与真实工单无关；每个数字都取自考核接口。\n"
    )
    for table in (_rates(report), _months(report), _trades(report), _units(report)):
        console.print(table)
    console.print(_streets(report))
    console.print(_ranks(report))
    if report.story:
        console.print(_story(report.story))
    console.print(
        "比率按办理轮次计，重办的工单每轮各计一次；匿名件不计及时回复，未留联系方式的不回访。\n"
        f"考核方案 {report.scheme}，工作日历 {report.calendar_version}。"
        "明细可用 /v1/scores/tickets 逐件核对。"
    )


def _table(title: str, *columns: tuple[str, str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name, side in columns:
        table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
    return table


def _rate(row: Row, metric: str) -> tuple[str, str]:
    """A rate as shown and the fraction behind it; a dash where nothing was to be rated."""
    figure = row["metrics"].get(metric) or {}
    value = figure.get("value")
    return ("—" if value is None else str(value)), f"{figure.get('num', 0)}/{figure.get('den', 0)}"


def _rates(report: Report) -> Table:
    columns = (("指标", ""), ("比率 %", "right"), ("分子/分母", "right"), ("口径", ""))
    table = _table("四率", *columns)
    for metric, name, note in RATES:
        value, fraction = _rate(report.total, metric)
        style = "dim" if metric == "actual_resolution_rate" else "bold"
        table.add_row(name, Text(value, style), fraction, note)
    return table


def _months(report: Report) -> Table:
    table = _table(
        "各月满意度得分（按办结月份）",
        ("月份", ""),
        ("受理", "right"),
        ("满意度", "right"),
        ("测评数", "right"),
        (f"{BAR_FROM} 分起", ""),
    )
    for month, total in report.months:
        figure = total["metrics"].get("satisfaction_score") or {}
        value = figure.get("value")
        bar = "" if value is None else _bar(float(value))
        shown = "—" if value is None else str(value)
        table.add_row(
            f"{int(month[-2:])} 月", str(total["intake"]), shown, str(figure.get("den", 0)), bar
        )
    return table


def _bar(value: float) -> str:
    share = max(0.0, min(1.0, (value - BAR_FROM) / (100 - BAR_FROM)))
    return "█" * round(share * BAR_WIDTH)


def _trades(report: Report) -> Table:
    return _figures("四个行业", report.trades, name=lambda row: TRADES.get(row["key"], row["name"]))


def _units(report: Report) -> Table:
    rows = sorted(report.units, key=lambda row: -row["intake"])
    return _figures("各承办单位", tuple(rows), name=lambda row: str(row["name"]))


def _figures(title: str, rows: tuple[Row, ...], *, name: Any) -> Table:
    table = _table(
        title,
        ("名称", ""),
        ("受理", "right"),
        ("先行联系", "right"),
        ("按时办结", "right"),
        ("及时回复", "right"),
        ("合理诉求解决", "right"),
        ("满意度", "right"),
    )
    shown = (*(metric for metric, _, _ in RATES[:4]), "satisfaction_score")
    for row in rows:
        values = (_rate(row, metric)[0] for metric in shown)
        table.add_row(name(row), str(row["intake"]), *values)
    return table


def _streets(report: Report) -> Table:
    columns = (("街镇", ""), ("受理", "right"), ("占比 %", "right"), ("满意度", "right"))
    table = _table(f"受理量前 {TOP_STREETS} 位街镇", *columns)
    rows = sorted(report.streets, key=lambda row: (-row["intake"], str(row["key"])))
    for row in rows[:TOP_STREETS]:
        share = f"{100 * row['intake'] / report.total['intake']:.1f}"
        satisfaction = _rate(row, "satisfaction_score")[0]
        table.add_row(str(row["name"]), str(row["intake"]), share, satisfaction)
    return table


def _ranks(report: Report) -> Panel:
    ranks = sorted(report.ranks, key=lambda rank: str(rank["period"]))
    months = "   ".join(
        f"{int(rank['period'][-2:])}月第{rank['rank']}名 {rank['score']}" for rank in ranks
    )
    words = f"{months}\n连续 {report.streak_top3} 个月位列全市前三（上级平台公布，导入数据）"
    return Panel(words, title="全市排名", title_align="left", width=WIDTH)


def _story(story: Story) -> Panel:
    """The plant's case: whether complaints thin out, and how often somebody went there."""
    by_month: dict[int, int] = dict.fromkeys(range(1, 13), 0)
    for ticket in (story.root, *story.repeats):
        by_month[int(str(ticket["received_at"])[5:7])] += 1
    line = " ".join(f"{month}月{'●' * count or '·'}" for month, count in by_month.items())
    last = story.repeats[-1]
    words = (
        f"{story.root['address']}（{story.root['street']}）\n"
        f"首件 {story.root['no']}，重复工单 {len(story.repeats)} 件，"
        f"现场查看、督办 {story.visits} 次\n"
        f"{line}\n"
        f"末件 {last['no']}（{STATE_NAMES.get(last['state'], last['state'])}）"
        f"：{str(last['received_at'])[:10]} 之后再无重复投诉。\n"
        f"单位认定：{_findings(story, 'fact_finding', FACTS)}；"
        f"{_findings(story, 'appeal_finding', APPEALS)}。"
    )
    return Panel(words, title="压缩站重复投诉的化解", title_align="left", width=WIDTH)


def _findings(story: Story, field: str, names: Mapping[str, str]) -> str:
    """How often each finding was made in the chain, as the units reported."""
    reports = (ticket.get("feedback") or {} for ticket in (story.root, *story.repeats))
    counts = Counter(report[field] for report in reports if report.get(field))
    return "、".join(f"{names.get(word, word)} {n} 件" for word, n in counts.most_common())
