"""mlgate with the eight rules that it began with, for which its first targets were set.

Usage: python -m bench.core_rules ARGUMENTS, which are those of mlgate; or --calls, for the calls of
functions that a review takes.
"""

import sys

from bench.copies import replace_rules
from rules import checks

CORE = frozenset("TRN001 TRN002 TRN003 CRN001 GPU001 STO001 SRV001 HPA001".split())


def main() -> None:
    core = tuple(rule for rule in checks.ALL if rule.code in CORE)
    replace_rules((*core, *(rule for rule in checks.ALL if rule.check is None)))
    # What is imported from now on sees these.
    if sys.argv[1:] == ["--calls"]:
        from bench.reviewing import show_calls  # noqa: PLC0415

        show_calls()
        return
    from linter.cli import main as run  # noqa: PLC0415

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
