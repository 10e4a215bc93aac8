"""What may be promoted by a scan's report, and what a policy file becomes."""

import json
from pathlib import Path
from typing import Any

import pytest

from linter.judging.settings import load_policy
from linter.scanning.evidence import read_evidence
from linter.scanning.promotion import find_difference
from rules.checks import ALL, BY_CODE
from rules.model import Action
from rules.policy.decisions import weigh
from tests.linter.test_cli import Answer, call

POLICY = """\
# What holds here.
apiVersion: mlgate.dev/v1
kind: Policy
profile: observe   # to begin with

rules:
  # The retries of research are their own business.
  TRN002: {action: audit, max: 5}
  "TRN003/missing": audit   # later
namespaces:
  - match: {name: "sandbox-*"}
    profile: observe
  - match:
      name: research
    rules:
      TRN001: warn
"""


def hit(form: str, namespace: str, name: str, **more: Any) -> dict[str, Any]:
    rule, _, short = form.partition("/")
    return {
        "rule": rule,
        "form": short,
        "action": "audit",
        "confidence": "high",
        "file": f"{namespace}/Job.batch/{name}",
        "object": {"namespace": namespace, "name": name},
        **more,
    }


FINDINGS = [
    hit("TRN001/batch", "research", "a"),
    hit("TRN001/batch", "research", "a"),
    hit("TRN001/batch", "team-a", "b"),
    hit("TRN001/batch", "team-a", "c", action="excepted"),
    hit("TRN001/batch", "team-a", "d", confidence="medium"),
    hit("TRN001/batch", "sandbox-1", "e"),
]


def report(findings: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    files = sorted({row["file"] for row in findings})
    spaces = {
        "research": {"objects": 12, "labels": {"team": "ml-infra"}},
        "team-a": {"objects": 30, "labels": {}},
        "sandbox-1": {"objects": 5, "labels": {}},
    }
    objects = [
        {"file": one, "labels": {"team": "vision"} if "b" in one[-1] else {}} for one in files
    ]
    cluster = {
        "at": "2026-11-29T03:17:00Z",
        "namespaces": spaces,
        "objects": objects,
        "narrowed_by": [],
        "off": [],
        **more,
    }
    return {"findings": findings, "errors": [], "cluster": cluster}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlgate.yaml").write_text(POLICY)
    write(report(FINDINGS))
    return tmp_path


def write(body: Any) -> None:
    Path("scan.json").write_text(json.dumps(body))


def promote(*words: str) -> Answer:
    return call("promote", "scan.json", *words)


def proposals(*words: str) -> dict[str, dict[str, Any]]:
    found = json.loads(promote("--format", "json", *words).out)
    return {one["form"]: one for one in found}


def action(form: str, namespace: str | None = None) -> Action:
    rule = BY_CODE[form.partition("/")[0]]
    policy = load_policy("mlgate.yaml")
    found = rule.form(form.partition("/")[2])
    return weigh(policy, rule, found, namespace=namespace).action


def test_one_step_at_a_time_and_not_beyond_the_profile(folder: Path) -> None:
    found = proposals()
    assert (found["TRN001/batch"]["before"], found["TRN001/batch"]["after"]) == ("audit", "warn")
    goals = {f"{rule.code}/{form.name}": form.standard for rule in ALL for form in rule.forms}
    beyond = {key for key in found if goals[key] not in (Action.WARN, Action.DENY)}
    assert beyond == set()
    assert len(found) > 50
    assert {one["after"] for one in found.values()} == {"warn"}


def test_it_says_what_would_be_met_and_whose_it_is(folder: Path) -> None:
    """An exception counts for nothing, doubt warns of nothing more than it may, an entry of
    ``namespaces`` that decides for itself leaves its objects out."""
    one = proposals()["TRN001/batch"]
    assert one["namespaces"] == {"team-a": 2}
    assert one["owners"] == {"vision": 1, "(none)": 1}
    assert (one["found"], one["objects"], one["may"]) == (2, 30, True)
    said = promote().out
    assert said.startswith("47 objects of 3 namespaces, 2026-11-29T03:17:00Z\n\naudit -> warn:\n")
    assert (
        "  TRN001/batch  would warn of 2 of 30 objects in 1 namespace (team-a 2), "
        "owners (none) 1, vision 1; may go\n"
    ) in said
    assert "more forms would warn of nothing and may go (--show-all lists them)" in said
    assert "TRN001/operator" in promote("--show-all").out


def test_what_would_be_denied_waits(folder: Path) -> None:
    text = POLICY.replace("profile: observe   # to begin with", "profile: standard").replace(
        "rules:\n  #", "rules:\n  TRN001: warn\n  #"
    )
    Path("mlgate.yaml").write_text(text)
    one = proposals()["TRN001/batch"]
    # The role of one of them is not sure enough to deny it.
    assert (one["after"], one["found"], one["may"]) == ("deny", 1, False)
    assert "; not yet: 0 at most\n" in promote().out
    assert proposals("--max-denied", "1")["TRN001/batch"]["may"] is True


METRICS = """\
# TYPE mlgate_rule_results counter
mlgate_rule_results_total{rule="TRN001",result="fail",mode="warn"} 3.0
mlgate_rule_results_total{rule="TRN001",result="skip",mode="excepted"} 9.0
mlgate_rule_results_total{rule="TRN001",result="fail",mode="audit"} 1.0
"""


def test_reviews_of_the_webhook_count_too(folder: Path) -> None:
    write(report([]))
    policy = "apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {TRN001: warn}\n"
    Path("mlgate.yaml").write_text(policy)
    Path("metrics.txt").write_text(METRICS)
    assert proposals()["TRN001/batch"]["may"] is True
    one = proposals("--metrics", "metrics.txt")["TRN001/batch"]
    assert (one["reviews"], one["may"]) == (4, False)
    assert proposals("--metrics", "metrics.txt", "--metrics", "metrics.txt")["TRN001/batch"][
        "reviews"
    ] == (8)
    said = promote("--metrics", "metrics.txt").out
    assert "the webhook found TRN001 in 4 reviews ((not told apart) 4); not yet" in said
    assert said.endswith("how many objects they were, and whose, is not known.\n")
    Path("metrics.txt").write_text("up 1\n")
    assert "no metrics of the webhook's" in promote("--metrics", "metrics.txt").err
    assert promote("--metrics", "nowhere.txt").code == 2


METRICS_BY_NAMESPACE = (
    METRICS
    + """\
# TYPE mlgate_namespace_findings counter
mlgate_namespace_findings_total{resource_namespace="research",rule="TRN001",action="warn"} 3.0
mlgate_namespace_findings_total{resource_namespace="research",rule="TRN001",action="excepted"} 7.0
mlgate_namespace_findings_total{resource_namespace="team-a",rule="TRN001",action="warn"} 1.0
mlgate_namespace_findings_total{resource_namespace="gone",rule="TRN001",action="warn"} 2.0
mlgate_namespace_findings_total{resource_namespace="team-a",rule="CRN001",action="deny"} 5.0
"""
)


def test_reviews_count_where_the_step_would(folder: Path) -> None:
    write(report([]))
    own = "namespaces: [{match: {name: research}, rules: {TRN001: warn}}]"
    policy = f"apiVersion: mlgate.dev/v1\nkind: Policy\nrules: {{TRN001: warn}}\n{own}\n"
    Path("mlgate.yaml").write_text(policy)
    Path("metrics.txt").write_text(METRICS_BY_NAMESPACE)
    known = ("--metrics", "metrics.txt")
    one = proposals(*known)["TRN001/batch"]
    # What is decided in research by its own entry stays as it is.
    assert one["review_namespaces"] == {"team-a": 1, "gone": 2}
    assert (one["reviews"], one["may"]) == (3, False)
    assert "TRN001 in 3 reviews (gone 2, team-a 1); not yet" in promote(*known).out
    assert proposals(*known, "-n", "team-a")["TRN001/batch"]["review_namespaces"] == {"team-a": 1}
    assert proposals(*known, "-n", "sandbox-1")["TRN001/batch"]["may"] is True
    other = METRICS_BY_NAMESPACE.replace('"gone"', '"_other"')
    Path("metrics.txt").write_text(other)
    one = proposals(*known, "-n", "sandbox-1")["TRN001/batch"]
    assert (one["review_namespaces"], one["may"]) == ({"_other": 2}, False)


def test_the_policy_file_keeps_its_comments_and_its_order(folder: Path) -> None:
    answer = promote("--write")
    assert answer.code == 0
    assert "forms go a step up\n" in answer.out
    text = Path("mlgate.yaml").read_text()
    for line in POLICY.splitlines():
        # What was promoted alone is changed.
        if "TRN002" not in line and "TRN003" not in line:
            assert line in text.splitlines()
    assert "  TRN002: {action: warn, max: 5}\n" in text
    assert '\n  "TRN003/missing": warn    # later\n' in text
    assert text.index("# The retries") < text.index("TRN002") < text.index("namespaces:")
    assert action("TRN001/batch") is Action.WARN
    assert action("TRN001/batch", "sandbox-1") is Action.AUDIT
    # The next step, from where the file is now.
    assert {one["before"] for one in proposals().values()} == {"warn"}


def test_a_rule_whose_forms_go_together_is_one_line(folder: Path) -> None:
    promote("--write")
    lines = Path("mlgate.yaml").read_text().splitlines()
    assert "  TRN006: warn" in lines
    # One of its forms is audited in the profile, and stays so.
    assert "  CRN001/overlap: warn" in lines
    assert "  CRN001: warn" not in lines
    # Without the caps of an organisation it says nothing.
    assert not any(line.startswith("  ORG001") for line in lines)


def test_one_namespace_has_an_entry_of_its_own(folder: Path) -> None:
    before = action("STO001/nowhere")
    promote("-n", "research", "--write")
    assert action("STO001/nowhere") is before is Action.AUDIT
    assert action("STO001/nowhere", "research") is Action.WARN
    promote("-n", "team-a", "--write")
    assert action("STO001/nowhere", "team-a") is Action.WARN
    assert Path("mlgate.yaml").read_text().count("name: research") == 1


def test_where_another_entry_decides_the_file_stays(folder: Path) -> None:
    answer = promote("-n", "sandbox-1", "--write")
    assert answer.code == 2
    assert "mlgate.yaml is left as it is" in answer.err
    assert "in namespace sandbox-1 would be audit, expected warn" in answer.err
    assert Path("mlgate.yaml").read_text() == POLICY


def test_nothing_is_ever_loosened(folder: Path) -> None:
    old = load_policy("mlgate.yaml")
    Path("mlgate.yaml").write_text(POLICY.replace("TRN001: warn", "TRN001: audit"))
    loose = load_policy("mlgate.yaml")
    evidence = read_evidence("scan.json", "team")
    wrong = find_difference(old, loose, loose, evidence, ALL)
    assert wrong is not None
    assert "in namespace research would be audit" in wrong


def test_what_was_not_looked_for_is_not_promoted(folder: Path) -> None:
    write(report(FINDINGS, off=["TRN001/batch"]))
    assert "TRN001/batch" not in proposals()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "is no JSON report of `mlgate scan`"),
        ({"findings": [], "errors": []}, "is no JSON report of `mlgate scan`"),
        (report([], narrowed_by=["--select"]), "was made with --select, and does not show all"),
        ({**report([]), "errors": [{}]}, "is partial, with 1 error"),
    ],
)
def test_a_report_that_does_not_show_all_is_refused(folder: Path, body: Any, said: str) -> None:
    write(body)
    answer = promote()
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_scan_of_some_namespaces_speaks_for_no_other(folder: Path) -> None:
    write(report(FINDINGS, narrowed_by=["--namespace"]))
    answer = promote("--write")
    assert answer.code == 2
    assert "`rules` hold everywhere" in answer.err
    assert promote("-n", "team-a", "--write").code == 0
    answer = promote("-n", "nowhere")
    assert answer.code == 2
    assert "there are research, team-a, sandbox-1" in answer.err


def test_without_a_policy_file_there_is_nothing_to_write_to(folder: Path) -> None:
    Path("mlgate.yaml").unlink()
    Path(".git").mkdir()
    policy = promote("--towards", "strict", "--write")
    assert policy.code == 2
    assert "--write needs a policy file" in policy.err
