"""mlgate's own judgement on what it is deployed by."""

from pathlib import Path

from tests.linter.test_cli import Answer, call


def lint_strictly(folder: Path, namespace: str, work: Path) -> Answer:
    """What it finds in ``folder`` under the strictest policy, written in ``work``: one that takes
    mlgate's own namespace back in, which is exempt from all others."""
    policy = work / "policy.yaml"
    policy.write_text(
        "apiVersion: mlgate.dev/v1\nkind: Policy\nprofile: strict\n"
        f"namespaces: [{{match: {{name: {namespace}}}, profile: strict}}]\n"
    )
    return call("lint", "--policy", str(policy), "--show-audit", str(folder))
