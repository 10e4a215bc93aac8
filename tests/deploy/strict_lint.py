"""mlgate's own judgement on what it is deployed by."""

from pathlib import Path

from tests.linter.test_cli import Answer, call


def lint_strictly(folder: Path, work: Path) -> Answer:
    """What it finds in ``folder`` under the strictest policy, which is written in ``work``."""
    policy = work / "policy.yaml"
    policy.write_text("apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: strict\n")
    return call("lint", "--policy", str(policy), "--show-audit", str(folder))
