"""What the engine makes of problems: decisions, ignores, embedded manifests, crashes."""

import datetime

import pytest

from rules.checks import ALL
from rules.checks.autoscaling import hpa_metrics_defined
from rules.checks.training import retry_budget_set
from rules.engine import Engine
from rules.evaluation import Evaluation
from rules.inventory import Inventory
from rules.manifest import Manifest
from rules.model import Action
from rules.policy import Policy
from rules.policy.entries import CustomKind, ExceptionEntry, NamespaceEntry
from tests.manifests import TODAY, find, read_documents

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: finetune
  annotations: {notes: "1"}
spec:
  activeDeadlineSeconds: 7200
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: trainer
        image: registry.example.com/trainer:1.0
        command: [python, train.py, --output-dir, s3://models/run1]
"""


RULES = tuple(
    rule
    for rule in ALL
    if rule.code in {"TRN001", "TRN002", "TRN003", "CRN001", "GPU001", "STO001", "MET004"}
    or rule.code.startswith("MLG")
)
"""Those whose findings are told here: others find more in the same manifests."""


def evaluate(text: str, policy: Policy | None = None, **known: object) -> Evaluation:
    [document] = read_documents(text)
    known.setdefault("rules", RULES)
    engine = Engine(policy or Policy(), Inventory(), TODAY, **known)  # type: ignore[arg-type]
    return engine.evaluate(Manifest(document.value))


def codes(evaluation: Evaluation) -> list[str]:
    return [finding.rule for finding in evaluation.findings]


def ignoring(text: str) -> str:
    return JOB.replace('notes: "1"', f'mlgate.dev/ignore: "{text}"')


def test_an_annotation_suppresses_its_finding() -> None:
    evaluation = evaluate(ignoring("TRN002=bounded by the queue"))
    assert codes(evaluation) == []
    assert [finding.rule for finding in evaluation.suppressed] == ["TRN002"]


def test_an_annotation_on_the_pod_template_covers_what_is_in_it_alone() -> None:
    text = JOB.replace(
        "  template:\n",
        '  template:\n    metadata: {annotations: {mlgate.dev/ignore: "TRN002=x"}}\n',
    )
    assert codes(evaluate(text)) == ["TRN002", "MLG003"]


def test_annotations_can_be_forbidden_or_capped() -> None:
    text = ignoring("TRN002=bounded by the queue")
    assert codes(evaluate(text, ignores="forbid")) == ["TRN002"]
    [capped] = evaluate(text, ignores="cap-at-warn").findings
    assert (capped.rule, capped.action) == ("TRN002", Action.WARN)
    assert capped.note == "ignored, capped at warn: bounded by the queue"


@pytest.mark.parametrize(
    ("text", "suppressed"),
    [
        ("TRN002/batch=a", ["TRN002"]),
        ("TRN002/operator=a", []),
        ("TRN001=a,TRN002", []),
        ("TRN001,TRN002=a", ["TRN002"]),
    ],
)
def test_an_ignore_covers_its_rules_or_forms_alone(text: str, suppressed: list[str]) -> None:
    assert [one.rule for one in evaluate(ignoring(text)).suppressed] == suppressed


def test_of_two_ignores_of_a_finding_the_first_counts() -> None:
    evaluation = evaluate(ignoring("TRN002/batch=form; TRN002=rule"), ignores="cap-at-warn")
    assert evaluation.findings[0].note == "ignored, capped at warn: form"
    assert [one.message for one in evaluation.findings[1:]] == [
        "the ignore of TRN002 suppresses nothing"
    ]


def test_a_stale_ignore_is_a_finding() -> None:
    assert codes(evaluate(ignoring("TRN002=x; CRN001=y"))) == ["MLG003"]


def test_an_ignore_of_a_rule_that_did_not_run_is_not_stale() -> None:
    text = ignoring("TRN002=x; CRN001=y")
    rules = [rule for rule in RULES if rule.code != "CRN001"]
    assert codes(evaluate(text, rules=rules)) == []
    late = evaluate(text, expired=lambda: True)
    assert (codes(late), late.suppressed) == ([], ())


def test_an_ignore_that_cannot_be_read_is_a_finding() -> None:
    assert codes(evaluate(ignoring("everything"))) == ["TRN002", "MLG006"]


def test_strict_wants_a_reason() -> None:
    strict = Policy(profile="strict")
    assert codes(evaluate(ignoring("TRN002"), strict)) == ["MLG004"]
    assert codes(evaluate(ignoring("TRN002"))) == []


def test_an_exception_says_who_and_why() -> None:
    entry = ExceptionEntry(frozenset({"TRN002"}), "swept", "ml-infra", datetime.date(2026, 12, 31))
    [finding] = evaluate(JOB, Policy(exceptions=(entry,))).findings
    assert finding.action is Action.EXCEPTED
    assert finding.message.endswith("(excepted until 2026-12-31 by ml-infra: swept)")


def test_a_rule_that_is_off_finds_nothing() -> None:
    assert codes(evaluate(JOB, Policy(rules={"TRN002": Action.OFF}))) == []


def test_a_crashed_rule_is_a_finding_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_given: object) -> None:
        raise ZeroDivisionError

    broken = retry_budget_set.RULE._replace(check=crash)  # type: ignore[arg-type]
    deaf = hpa_metrics_defined.RULE._replace(check=crash)  # type: ignore[arg-type]
    others = {broken.code: broken, deaf.code: deaf}
    rules = [others.get(rule.code, rule) for rule in (*RULES, hpa_metrics_defined.RULE)]
    text = JOB.replace("restartPolicy: Never", "restartPolicy: OnFailure")
    evaluation = evaluate(text, rules=rules)
    assert codes(evaluation) == ["TRN001", "MLG005"]
    assert evaluation.findings[1].message.startswith("TRN002 crashed: ZeroDivisionError")


def test_a_rule_that_could_find_nothing_is_not_asked() -> None:
    def crash(*_given: object) -> None:
        raise ZeroDivisionError

    deaf = hpa_metrics_defined.RULE._replace(check=crash)  # type: ignore[arg-type]
    assert codes(evaluate(JOB, rules=[deaf, retry_budget_set.RULE])) == ["TRN002"]


@pytest.mark.parametrize("value", ["[10]", "{limit: 10}", '"10"', "1.5", "yes"])
def test_a_budget_that_is_no_number_crashes_no_rule(value: str) -> None:
    written = f"activeDeadlineSeconds: 7200\n  backoffLimit: {value}"
    found = codes(evaluate(JOB.replace("activeDeadlineSeconds: 7200", written)))
    assert set(found) <= {"MET004"}


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("backoffLimit", (-1, 7, 9, 100)),
        ("activeDeadlineSeconds", (299, 200, -1)),
        ("activeDeadlineSeconds", (1209601, 1300000)),
    ],
)
def test_what_is_further_off_has_a_higher_degree(field: str, values: tuple[int, ...]) -> None:
    """So that an update which makes an old finding worse can be told from one that does not."""
    kept = "backoffLimit: 2" if field != "backoffLimit" else "activeDeadlineSeconds: 7200"
    texts = [
        JOB.replace("activeDeadlineSeconds: 7200", f"{kept}\n  {field}: {value}")
        for value in values
    ]
    degrees = [evaluate(text).findings[0].degree for text in texts]
    assert degrees == sorted(set(degrees))


def test_no_rule_starts_when_time_is_up() -> None:
    evaluation = evaluate(JOB, expired=lambda: True)
    assert not evaluation.findings
    assert "TRN002" in evaluation.unfinished


def test_an_unknown_role_is_a_finding() -> None:
    text = JOB.replace('notes: "1"', "mlgate.dev/role: trainig")
    assert codes(evaluate(text)) == ["MLG006", "TRN002"]


def test_an_unknown_kind_has_no_findings() -> None:
    assert evaluate("apiVersion: example.com/v1\nkind: Widget\n") == Evaluation()


def test_a_kind_of_ones_own_is_judged() -> None:
    kind = CustomKind("example.com", "Finetune", (("spec", "template"),), "training")
    text = JOB.replace("batch/v1", "example.com/v1").replace("kind: Job", "kind: Finetune")
    text = text.replace("s3://models/run1", "/scratch/run1")
    assert codes(evaluate(text, Policy(kinds=(kind,)))) == ["STO001"]


def test_an_embedded_manifest_is_judged_with_the_lines_of_the_outer_file() -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\n"
        "kind: Workflow\n"
        "metadata: {name: outer}\n"
        "spec:\n"
        "  entrypoint: make\n"
        "  templates:\n"
        "  - name: make\n"
        "    resource:\n"
        "      action: create\n"
        "      manifest: |\n"
    ) + "".join(f"        {line}\n" for line in JOB.splitlines())
    [found] = (one for one in find(text) if one.finding.rule == "TRN002")
    assert found.line == 16
    assert found.finding.object.name == "outer"
    assert found.finding.embedded is not None
    assert (found.finding.embedded.kind, found.finding.embedded.name) == ("Job", "finetune")
    assert "#Job/finetune" in found.finding.fingerprint


def test_a_trial_inside_an_experiment_is_judged_at_its_full_path() -> None:
    trial = "".join(f"      {line}\n" for line in JOB.splitlines())
    text = (
        "apiVersion: kubeflow.org/v1beta1\n"
        "kind: Experiment\n"
        "metadata: {name: sweep}\n"
        "spec:\n"
        "  trialTemplate:\n"
        "    trialSpec:\n"
    ) + trial
    [found] = (one for one in find(text) if one.finding.rule == "TRN002")
    assert found.finding.path == (*("spec", "trialTemplate", "trialSpec", "spec", "backoffLimit"),)
    assert found.finding.fix is not None
    assert found.finding.fix.edits[0].path == found.finding.path


def test_findings_about_the_input() -> None:
    engine = Engine(Policy(), Inventory(), TODAY)
    identity = Manifest({"kind": "Job"}).identity
    finding = engine.input_finding("MLG001", (), "cut off", identity)
    assert finding is not None
    assert (finding.action, finding.message) == (Action.DENY, "cut off")
    none = Engine(Policy(), Inventory(), TODAY, rules=())
    assert none.input_finding("MLG001", (), "cut off", identity) is None


TWO = """\
apiVersion: v1
kind: Pod
metadata: {name: probe, annotations: {mlgate.dev/ignore: IGNORED}}
spec:
  restartPolicy: Never
  containers:
  - {name: trainer, image: a, resources: {requests: {nvidia.com/gpu: 1}}}
  - {name: exporter, image: b, resources: {requests: {nvidia.com/gpu: 1}}}
"""


def find_containers(text: str, policy: Policy | None = None) -> list[object]:
    found = evaluate(text, policy).findings
    return [one.path[2] for one in found if one.rule == "GPU001" and one.action is Action.DENY]


def test_an_annotation_may_speak_of_one_container() -> None:
    assert find_containers(TWO.replace("IGNORED", '"GPU001@exporter=a test rig"')) == [0]
    assert find_containers(TWO.replace("IGNORED", '"GPU001=a test rig"')) == []


def test_an_exception_may_speak_of_one_container() -> None:
    entry = ExceptionEntry(frozenset({"GPU001"}), "known", "infra", container="train*")
    assert find_containers(TWO.replace("IGNORED", "x"), Policy(exceptions=(entry,))) == [1]


def test_parameters_may_differ_by_namespace() -> None:
    """Those of the first entry that fits, laid over the others."""
    here = NamespaceEntry(name="research", values={"TRN002": {"max": 9}})
    policy = Policy(values={"TRN002": {"max": 2}}, namespaces=(here,))
    text = JOB.replace("spec:\n  active", "spec:\n  backoffLimit: 5\n  active", 1)
    assert codes(evaluate(text, policy)) == ["TRN002"]
    placed = text.replace("name: finetune", "name: finetune\n  namespace: research")
    assert codes(evaluate(placed, policy)) == []
