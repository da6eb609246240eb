"""A copy of the tree, broken in one place, and whether the one test saw it."""

import ast
import hashlib
import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.hostile.forking import Done, ask
from tests.hostile.mutation import ROOT, Edit, Mutation

FOLDERS = ("services", "shared", "migrations", "tests", "bench", "deploy", "docs")
SECONDS = 900  # the machine may be busy with other things
FAILED, UNNOTICED, UNRUN = "已察觉", "没有察觉", "未能运行"
LONGEST = 100
# What servers, schema and sample are made from.
OF_SERVERS = ("migrations/", "shared/db/", "shared/embedded/", "shared/vault/")
REPORTING = ("-o", "junit_family=xunit1")  # the other refuses what tests tell of themselves


@dataclass(frozen=True)
class Verdict:
    """`at`: the line of the test that failed, or what went wrong instead."""

    word: str
    at: str

    @property
    def has_failed(self) -> bool:
        return self.word == FAILED


class Misplaced(Exception):
    """What is to be broken is not there, or more than once."""


class Seen:
    """What came of each mutation, kept from one run to the next."""

    def __init__(self, path: Path) -> None:
        self.path = path
        kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.verdicts = {mark: Verdict(**one) for mark, one in kept.items()}

    def has_failed(self, mark: str) -> bool:
        return mark in self.verdicts and self.verdicts[mark].has_failed

    def keep(self, mark: str, verdict: Verdict) -> None:
        self.verdicts[mark] = verdict
        self.path.parent.mkdir(exist_ok=True)
        kept = {one: asdict(verdict) for one, verdict in self.verdicts.items()}
        self.path.write_text(json.dumps(kept, ensure_ascii=False, indent=1), "utf-8")


def mark(folder: Path, mutation: Mutation) -> str:
    """Changes with the mutation, the files it breaks, and the test."""
    told = [mutation.test, repr(mutation.edits)]
    told += [(folder / path).read_text("utf-8") for path in mutation.files]
    told.append(source_of(mutation.test_name, (folder / mutation.test_file).read_text("utf-8")))
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


def source_of(name: str, module: str) -> str:
    for node in ast.parse(module).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return ast.get_source_segment(module, node) or ""
    return ""


def copy_tree(folder: Path) -> Path:
    """Tests started in it import it: the folder of the run comes before what is installed."""
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith(".installed"):
            shutil.copy(path, folder / path.name)
    return folder


def passes_unbroken(folder: Path, tests: list[str]) -> str:
    """Empty, or what failed already: a test that fails anyway sees nothing."""
    done = ask(folder, tests, seconds=SECONDS * len(tests))
    return "" if done.status == 0 else f"未改坏时已有失败：\n{done.said[-4000:]}"


def run(folder: Path, mutation: Mutation, *, lent: Path) -> Verdict:
    """`lent`: servers whose database was made from the tree as it is."""
    before = {path: (folder / path).read_text("utf-8") for path in mutation.files}
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    try:
        for edit in mutation.edits:
            change(folder / edit.file, edit)
        done = ask(
            folder,
            [mutation.test],
            *(*REPORTING, f"--junit-xml={report}"),
            seconds=SECONDS,
            lent=None if mutation.breaks(OF_SERVERS) else lent,
        )
    except Misplaced as error:
        return Verdict(UNRUN, str(error))
    except TimeoutError:
        return Verdict(UNRUN, f"{SECONDS} 秒未完")
    finally:
        for path, text in before.items():
            (folder / path).write_text(text, "utf-8")
    return judge(report, done)


def change(path: Path, edit: Edit) -> None:
    text = path.read_text("utf-8")
    if text.count(edit.old) != 1:
        raise Misplaced(f"{edit.file}：原文出现 {text.count(edit.old)} 次")
    path.write_text(text.replace(edit.old, edit.new), "utf-8")


def judge(report: Path, done: Done) -> Verdict:
    """Only a test that ran and failed has seen it: not one that could not be set up."""
    if done.status == 0:
        return Verdict(UNNOTICED, "")
    failures = ElementTree.parse(report).iter("failure") if report.exists() else iter(())
    failure = next(failures, None)
    if failure is None:
        return Verdict(UNRUN, done.said[-600:])
    at = re.search(r"^> +(.+)$", failure.text or "", re.MULTILINE)
    return Verdict(FAILED, at[1].strip()[:LONGEST] if at else "")
