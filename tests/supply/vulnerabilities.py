"""`make vulnerabilities`: what is known against the versions in the lock, where that can be had."""

import subprocess
import sys
from collections.abc import Sequence

from tests.supply.lock import LOCK, read_lock

ASK: Sequence[str] = (
    "--requirement",
    str(LOCK),
    "--require-hashes",
    "--disable-pip",
    "--progress-spinner=off",
)
UNREACHED = ("ConnectionError", "Max retries", "timed out", "Temporary failure", "ServiceError")
SECONDS = 300


def main() -> int:
    argv = [sys.executable, "-m", "pip_audit", *ASK]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"{SECONDS} 秒内没有取得漏洞数据，未审计\n")
        return 2
    said = done.stdout + done.stderr
    if any(word in said for word in UNREACHED):
        sys.stdout.write("取不到漏洞数据（本机不能访问外网），未审计；请在能访问的机器上重试\n")
        return 2
    if done.returncode == 0:
        sys.stdout.write(f"{len(read_lock())} 个包，没有已知漏洞\n")
        return 0
    sys.stdout.write(said)
    return 1


if __name__ == "__main__":
    sys.exit(main())
