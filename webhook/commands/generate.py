"""Writes what is generated of the deployment: the permissions.

``python -m webhook.commands.generate`` writes them; with ``--check`` it only says whether they are
out of date.
"""

import sys
from pathlib import Path

from webhook.replica.permissions import render_access

ACCESS = Path("deploy/base/access.yaml")


def is_stale() -> bool:
    """Whether the file is missing or out of date."""
    return not ACCESS.exists() or ACCESS.read_text(encoding="utf-8") != render_access()


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        ACCESS.write_text(render_access(), encoding="utf-8")
        return 0
    if not is_stale():
        return 0
    sys.stderr.write(f"{ACCESS} is out of date: run `make generate`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
