"""`make mutations`: breaks a copy of the tree as `mutations.py` says; every test must see it."""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.hostile.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[2]
HERE = "tests/hostile"
SEEN = ROOT / "build" / "mutations.json"
FOLDERS = ("services", "shared", "migrations", "tests", "bench", "deploy", "docs")
SECONDS = 600


def mark(mutation: Mutation) -> str:
    """Changes with the mutation, the file it breaks, and the file of its test."""
    told = [repr(mutation)]
    paths = (mutation.file, f"{HERE}/{mutation.test.partition('::')[0]}")
    told += [(ROOT / path).read_text("utf-8") for path in paths]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:16]


def copy_tree(folder: Path) -> Path:
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith(".installed"):
            shutil.copy(path, folder / path.name)
    return folder


def run(folder: Path, mutation: Mutation) -> str:
    """What came of it: 失败 is what is wanted."""
    path = folder / mutation.file
    before = path.read_text("utf-8")
    if before.count(mutation.old) != 1:
        return f"原文出现 {before.count(mutation.old)} 次"
    path.write_text(before.replace(mutation.old, mutation.new), "utf-8")
    argv = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    argv.append(f"{HERE}/{mutation.test}")
    try:
        done = subprocess.run(argv, cwd=folder, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "超时"
    finally:
        path.write_text(before, "utf-8")
    return {0: "没有察觉", 1: "失败"}.get(done.returncode, f"未能运行（{done.returncode}）")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    wanted = [one for one in MUTATIONS if parser.parse_args().only in one.test]
    seen: dict[str, str] = json.loads(SEEN.read_text("utf-8")) if SEEN.exists() else {}
    unseen = 0
    with tempfile.TemporaryDirectory(prefix="mutations-") as temporary:
        folder = copy_tree(Path(temporary))
        for mutation in wanted:
            key = mark(mutation)
            if seen.get(key) != "失败":
                seen[key] = run(folder, mutation)
                SEEN.parent.mkdir(exist_ok=True)
                SEEN.write_text(json.dumps(seen, ensure_ascii=False, indent=1), "utf-8")
            unseen += seen[key] != "失败"
            sys.stdout.write(f"{seen[key]}  {mutation.test}  （{mutation.file}）\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(wanted)} 处改坏，{len(wanted) - unseen} 处被察觉\n")
    return 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main())
