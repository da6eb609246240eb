"""`make secrets`: nobody's secret in the tree, nor in anything that was ever committed."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping

from tests.house.project import iter_files, name_of
from tests.supply.lock import ROOT

# Made to be found by their shape: each has a form that chance does not produce.
SHAPES: Mapping[str, re.Pattern[bytes]] = {
    "私钥": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{16}"),
    "接口密钥": re.compile(rb"\bmh_[a-hjkmnp-z2-9]{8}_[A-Za-z0-9-]{32}(?![\w-])"),
    "签名密钥": re.compile(rb"\bwhsec_[A-Za-z0-9+/]{43}="),
    "云服务密钥": re.compile(rb"\b(?:AKIA|ASIA|LTAI)[0-9A-Za-z]{16,20}\b"),
    "代码托管令牌": re.compile(
        rb"\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20})(?![\w-])"
    ),
    "令牌": re.compile(rb"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    "群机器人地址": re.compile(rb"(?:webhook/send\?key=|access_token=)[0-9a-f-]{32,64}(?![\w-])"),
    "带口令的地址": re.compile(
        rb"\b(?:postgres(?:ql)?|rediss?|https?)://[^\s:/@\"'{}$<]+:(?P<word>[^\s:/@\"'{}$<]{16,})@"
    ),
}
LARGEST = 2_000_000
# Digests of what has that shape and opens nothing, by why it was ever written down.
HARMLESS: Mapping[str, str] = {
    "a0bd5114ac64bfb9af4365923fd1eaf2848a5cd0a9296009afc80657b67fe198": "made up for an example",
}


def find_secrets(content: bytes) -> Iterator[tuple[str, int]]:
    """Kind and line of each; never the secret itself."""
    for kind, shape in SHAPES.items():
        for found in shape.finditer(content):
            if hashlib.sha256(found.group()).hexdigest() in HARMLESS:
                continue
            yield kind, content.count(b"\n", 0, found.start()) + 1


def git(*arguments: str, told: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, input=told, capture_output=True, check=True
    )
    return done.stdout


def tree() -> Iterator[tuple[str, bytes]]:
    """Every file of the project; data and caches are the machine's own."""
    for path in iter_files():
        yield name_of(path), path.read_bytes()


def history() -> Iterator[tuple[str, bytes]]:
    """Every content that any commit up to this one ever had, each once."""
    listed = [
        line.split(" ", 1) for line in git("rev-list", "HEAD", "--objects").decode().splitlines()
    ]
    names = {one[0]: one[1] for one in listed if len(one) == 2}
    asked = "\n".join(names).encode()
    kinds = git("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", told=asked)
    small = [
        name
        for name, kind, size in (line.split() for line in kinds.decode().splitlines())
        if kind == "blob" and int(size) <= LARGEST
    ]
    packed = git("cat-file", "--batch", told="\n".join(small).encode())
    place = 0
    for _ in small:
        head, _, _ = packed[place : place + 200].partition(b"\n")
        name, _, size = head.decode().split()
        start = place + len(head) + 1
        yield f"{names[name]}（{name[:10]}）", packed[start : start + int(size)]
        place = start + int(size) + 1


def main() -> int:
    has_history = (ROOT / ".git").exists()
    found, looked = set(), 0
    for where in (tree, history) if has_history else (tree,):
        for name, content in where():
            looked += 1
            found |= {f"{name}：第 {line} 行像是{kind}" for kind, line in find_secrets(content)}
    for told in sorted(found):
        sys.stdout.write(told + "\n")
    past = "含历次提交" if has_history else "这里没有 git 历史"
    sys.stdout.write(f"看过 {looked} 份内容（{past}），疑似密钥 {len(found)} 处\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
