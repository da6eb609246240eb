"""Servers of tests, started once and lent until whoever asked for them closes the pipe."""

import sys
from pathlib import Path

from tests.conftest import starting, write_stack


def main() -> None:
    folder = Path(sys.argv[1])
    with starting(folder) as stack:
        write_stack(folder / "stack.json", stack)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
