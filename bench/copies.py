"""mlgate with as many rules as a whole catalogue: copies of those that judge.

Usage: python -m bench.copies ARGUMENTS, which are those of mlgate.
"""

import itertools
import sys
from collections.abc import Iterator

from rules import checks
from rules.declaration import declare
from rules.model import Rule

RULES = 60


def copy_rules(count: int) -> Iterator[Rule]:
    """Rules that judge, in turn, until there are so many; each with a code of its own."""
    judging = [rule for rule in checks.ALL if rule.check is not None]
    turns = itertools.islice(itertools.cycle(judging), count)
    for number, rule in enumerate(turns):
        yield rule._replace(code=f"{rule.code[:3]}{number + 500}", name=f"{rule.name}-{number}")


def replace_rules(rules: tuple[Rule, ...]) -> None:
    """Have these in the place of all: what is imported from now on sees no others."""
    checks.ALL = rules
    checks.BY_CODE = {rule.code: rule for rule in checks.ALL}
    checks.INDEX = tuple(map(declare, checks.ALL))


def main() -> None:
    others = [rule for rule in checks.ALL if rule.check is None]
    replace_rules((*copy_rules(RULES), *others))
    from linter.cli import main as run  # noqa: PLC0415 - after that

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
