"""One verdict in both fronts, but for what docs/parity.md lists."""

import copy
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from linter.cli import main
from linter.input.documents import Entry
from linter.judging.elsewhere import Elsewhere
from linter.judging.rows import make_row
from linter.mending.fix import fix_texts
from linter.mending.fixable import FixSelection
from linter.row_types import FindingRow
from rules.inventory import Inventory
from rules.kinds.lookups import Answer
from rules.model import Action, Finding, Fix
from rules.paths import Path as ObjectPath
from rules.paths import dig, dotted, has
from rules.policy import Policy
from tests.admission import admit, bare, mend, surround
from tests.api_schema import drop_unknown_fields
from tests.api_server import Body, Way, present
from tests.manifests import CASES, Case, find, read_case, read_documents
from tests.webhook.bodies import owner
from webhook.review.context import ReviewContext

HERE = Path(__file__).parent
PAGE = (HERE.parent / "docs/parity.md").read_text()
FILES = {
    case.name: case
    for path in sorted([*CASES.glob("*/*.yaml"), *(HERE / "acceptance").glob("*.yaml")])
    if (case := read_case(path)).whole
}

ELSEWHERE = Elsewhere(Inventory(), list)
STANDARD = Policy()


class Difference(NamedTuple):
    """Where the fronts differ on a manifest: what one alone finds (``document: RULE/form action
    path``), and whether the objects that they leave differ."""

    offline: tuple[str, ...] = ()
    admission: tuple[str, ...] = ()
    mended: bool = False


def _doubt(field: str, number: int = 0, *, written: bool = False) -> Difference:
    missing = f"{number}: HPA001/missing deny {field}"
    defaulted = f"{number}: HPA001/defaulted warn {field}"
    return Difference(() if written else (missing,), (defaulted,))


_METRICS = _doubt("spec.metrics")
_LOST = ("MET001/bad-cronjob-concurrency-in-pod", "MET001/bad-job-fields-in-pod-and-around-it")
"""Where rules write at admission what they miss, and leave it to the fix that moves the field in a
file."""
_REQUEST = 'spec.containers[0].resources.requests["nvidia.com/gpu"]'
_ZERO = f"0: GPU001/limits deny {_REQUEST}"
_UNEQUAL = Difference((), (f"0: GPU002/unequal deny {_REQUEST}",))

EXCEPTIONS: dict[str, dict[tuple[Way, str], Difference]] = {
    "test_a_created_autoscaler_looks_defaulted": {
        (Way.CREATE, "HPA001/bad-absent"): _METRICS,
        (Way.CREATE, "HPA001/bad-absent-with-another-target"): _METRICS,
        (Way.CREATE, "HPA001/bad-cpu-target"): _doubt("spec.metrics", 1),
        (Way.CREATE, "HPA001/bad-cpu-target.fixed"): _doubt("spec.metrics", 1, written=True),
        (Way.CREATE, "HPA001/bad-empty"): _METRICS,
        (Way.CREATE, "HPA001/bad-gpu-target"): _doubt("spec.metrics", 1),
        (Way.CREATE, "HPA001/bad-of-a-server-on-cpu"): _doubt("spec.metrics", 1),
        (Way.CREATE, "HPA001/bad-of-a-server-on-cpu.fixed"): _doubt(
            "spec.metrics", 1, written=True
        ),
        (Way.CREATE, "HPA001/bad-target-with-a-claim"): _doubt("spec.metrics", 1),
        (Way.CREATE, "HPA001/bad-v1-cpu-target"): _doubt("spec.targetCPUUtilizationPercentage", 1),
        (Way.CREATE, "HPA001/bad-v1"): _doubt("spec.targetCPUUtilizationPercentage"),
        (Way.CREATE, "HPA001/good-v2"): _doubt("spec.metrics", written=True),
        (Way.CREATE, "acceptance/hpa-ml-hpa-wrong"): _METRICS,
    },
    "test_a_created_default_is_reported_and_not_overwritten": {
        (Way.CREATE, "CRN001/bad-cronjob-accelerated"): Difference(mended=True),
        (Way.CREATE, "CRN001/bad-cronjob-unset"): Difference(mended=True),
        (Way.CREATE, "ORG002/bad-nothing-written"): Difference(mended=True),
        (Way.CREATE, "CRN001/bad-cronjob-with-a-share"): Difference(mended=True),
        (Way.CREATE, "CRN001/bad-cronjob-with-a-share-of-ones-own"): Difference(mended=True),
        (Way.CREATE, "CRN001/bad-cronjob-with-memory-of-a-gpu"): Difference(mended=True),
        (Way.CREATE, "SRV002/bad-defaults"): Difference(mended=True),
        (Way.CREATE, "SRV003/bad-default"): Difference(mended=True),
        (Way.CREATE, "SRV006/bad-where-a-minute-is-asked"): Difference(mended=True),
        (Way.CREATE, "STO003/bad-deployment"): Difference(mended=True),
        (Way.CREATE, "STO003/bad-no-count"): Difference(mended=True),
        (Way.CREATE, "STO003/bad-one-pod"): Difference(mended=True),
        (Way.CREATE, "TRN001/bad-job-empty-text"): Difference(mended=True),
        (Way.CREATE, "TRN001/bad-job-unset"): Difference(mended=True),
        (Way.CREATE, "TRN001/bad-job-unset-with-scratch"): Difference(mended=True),
        (Way.CREATE, "TRN002/bad-job-unset"): Difference(mended=True),
        (Way.CREATE, "TRN006/bad-jobs-on-spot"): Difference(mended=True),
        (Way.CREATE, "TRN006/bad-job-on-a-pool-of-ours"): Difference(mended=True),
        (Way.CREATE, "TRN002/bad-job-unset-where-less-is-allowed"): Difference(mended=True),
        (Way.CREATE, "acceptance/cronjob-nightly-without-concurrency-wrong"): Difference(
            mended=True
        ),
        (Way.CREATE, "acceptance/job-ml-train-without-restart-policy"): Difference(mended=True),
    },
    "test_a_created_default_within_the_bound_passes": {
        (Way.CREATE, "TRN002/bad-volcano-unset"): Difference(
            ("0: TRN002/operator warn spec.maxRetry",)
        ),
        (Way.CREATE, "HPA004/bad-least-is-one"): Difference(
            ("0: HPA004/minimum audit spec.replicas",)
        ),
    },
    "test_what_is_empty_counts_as_written_after_a_server_side_apply": {
        (Way.SERVER_SIDE, "HPA001/bad-empty"): Difference(_METRICS.offline),
        (Way.SERVER_SIDE, "TRN001/bad-job-empty-text"): Difference(mended=True),
    },
    "test_a_null_amount_is_nothing_to_kubectl_apply_alone": {
        (Way.CREATE, "GPU001/bad-null-limit"): Difference((_ZERO,), mended=True),
        (Way.SERVER_SIDE, "GPU001/bad-null-limit"): Difference((_ZERO,), mended=True),
        (Way.CREATE, "GPU002/good-null-limit"): _UNEQUAL,
        (Way.SERVER_SIDE, "GPU002/good-null-limit"): _UNEQUAL,
    },
    "test_an_unknown_field_does_not_reach_the_cluster": {
        # After a plain create nothing is mended that may be a default.
        (way, name): Difference(mended=way is not Way.CREATE)
        for way in Way
        for name in _LOST
    },
}
"""By the test that shows why: the manifests of the tests' own set on which the fronts differ."""

LISTED = {key: one for row in EXCEPTIONS.values() for key, one in row.items()}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("way", Way)
def test_both_fronts_find_and_mend_the_same(name: str, way: Way) -> None:
    difference = compare_case(FILES[name], way)
    assert difference == LISTED.get((way, name), Difference())


@pytest.mark.parametrize("name", FILES)
def test_both_fronts_are_as_strict(name: str) -> None:
    case = FILES[name]._replace(header={**FILES[name].header, "profile": "strict"})
    expected = LISTED.get((Way.APPLY, name)) if name.startswith("MET") else None
    assert compare_case(case, Way.APPLY) == (expected or Difference())


def test_every_exception_is_of_a_manifest() -> None:
    assert {name for _, name in LISTED} <= FILES.keys()


def _list_places(value: Any, at: ObjectPath) -> Iterable[ObjectPath]:
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*at, key)
        if isinstance(one, dict | list):
            yield from _list_places(one, (*at, key))


PLACES = [
    (case, number, place)
    for case in FILES.values()
    if (Way.APPLY, case.name) not in EXCEPTIONS["test_an_unknown_field_does_not_reach_the_cluster"]
    for number, document in enumerate(read_documents(case.text))
    for key in document.value.keys() - {"apiVersion", "kind", "metadata"}
    for place in _list_places(document.value[key], (key,))
]


@given(st.sampled_from(PLACES), st.booleans())
def test_both_fronts_agree_whatever_is_taken_away(
    place: tuple[Case, int, ObjectPath],
    null: bool,  # noqa: FBT001
) -> None:
    """With ``kubectl apply``, whatever key or item is missing, null, or an empty text.

    But for an image: without one a file is taken for a patch, and the API server takes none.
    """
    case, number, at = place
    assume(at[-1] != "image")
    values = [document.value for document in read_documents(case.text)]
    parent, key = dig(values[number], at[:-1]), at[-1]
    if null and isinstance(key, str):
        parent[key] = "" if isinstance(parent[key], str) else None
    else:
        del parent[key]
    assert compare(yaml.safe_dump_all(values), Way.APPLY, case.policy) == Difference()


HELD = [(place, dig(read_documents(place[0].text)[place[1]].value, place[2])) for place in PLACES]
VALUES = [(place[-1][-1], value) for place, value in HELD if isinstance(place[-1][-1], str)]
"""Each key of the manifests with a value that it has somewhere."""


def _drops(case: Case, number: int, at: ObjectPath) -> bool:
    """Whether the API server drops a field that it does not know from what stands at a place. In a
    volume such a field may be the source, of which nothing else is left then."""
    body = read_documents(case.text)[number].value
    parent = dig(body, at)
    if not isinstance(parent, dict) or "volumes" in at:
        return False
    before = drop_unknown_fields(body)
    parent["fieldOfNoKind"] = 1
    return drop_unknown_fields(body) == before


DROPPING = [place for place in PLACES if _drops(*place)]


@given(st.sampled_from(DROPPING), st.sampled_from(VALUES))
def test_both_fronts_agree_whatever_unknown_field_is_added(
    place: tuple[Case, int, ObjectPath], field: tuple[str, Any]
) -> None:
    """A field that has a meaning elsewhere, at a place where the API server drops it."""
    case, number, at = place
    values = [document.value for document in read_documents(case.text)]
    parent, (key, value) = dig(values[number], at), field
    assume(key not in parent)
    parent[key] = copy.deepcopy(value)
    assume(drop_unknown_fields(values[number]) != values[number])
    text = yaml.safe_dump_all(values)
    # It is moved or renamed, in files.
    assume(not any(one.finding.rule in ("MET001", "MET007") for one in find(text)))
    assert compare(text, Way.APPLY, case.policy) == Difference()


def test_the_page_tells_of_every_exception_and_of_no_test_that_is_not_there() -> None:
    source = "".join(path.read_text() for path in HERE.rglob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)\(", source, re.MULTILINE))
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "|---" not in line]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows if not row.startswith("| what |")]
    assert all(named), "a row without a test"
    told = {name for names in named for name in names}
    assert told <= there
    assert EXCEPTIONS.keys() <= told


# What the fronts make of a text.


def compare_case(case: Case, way: Way) -> Difference:
    return compare(case.text, way, case.policy, complete=case.complete)


def compare(text: str, way: Way, policy: Policy, *, complete: bool = False) -> Difference:
    """Where the fronts differ on a text whose objects all come to the API server in one way, but
    for what is found in a field that the API server drops. The cluster's cache holds what the text
    holds."""
    shown = [present(document.value, way) for document in read_documents(text)]
    known = surround(shown, policy, complete=complete)
    told_offline = Counter(
        tell(one.document.number, one.finding)
        for one in find(text, policy, complete=complete)
        if _is_sent(one.document.value, one.finding.path)
    )
    told_at_admission = Counter(
        tell(number, finding)
        for number, body in enumerate(shown)
        for finding in admit(body, known).findings
    )
    fixed = [document.value for document in read_documents(fix(text, policy))]
    return Difference(
        tuple(sorted((told_offline - told_at_admission).elements())),
        tuple(sorted((told_at_admission - told_offline).elements())),
        mended=[bare(present(body, way)) for body in fixed]
        != [mend(body, known) for body in shown],
    )


def _is_sent(body: Body, path: ObjectPath) -> bool:
    """Whether what stands at a path, if anything does, comes through the API server."""
    return has(drop_unknown_fields(body), path) or not has(body, path)


def tell(number: int, finding: Finding) -> str:
    path = dotted(finding.path)
    return f"{number}: {finding.rule}/{finding.form} {finding.action} {path}"


def fix(text: str, policy: Policy = STANDARD) -> str:
    """What ``--fix`` makes of a text where nobody wrote anything and nobody takes it back."""

    def judge(texts: Mapping[str, str]) -> list[FindingRow]:
        return [
            make_row(one.finding, Entry("", one.document, (), one.document.value), ELSEWHERE)
            for one in find(texts[""], policy)
            if one.finding.fix is not None
            and one.finding.fix.absent
            and not is_taken_back(one.finding.fix, one.document.value)
        ]

    return fix_texts({"": text}, judge({"": text}), FixSelection(), judge)[""].after


def is_taken_back(fix: Fix, body: Body) -> bool:
    """Whether it writes inside a list of a custom resource, which an apply puts back whole."""
    indexed = any(isinstance(key, int) for edit in fix.edits for key in edit.path)
    return indexed and "." in body["apiVersion"].partition("/")[0]


# The rows of docs/parity.md.

JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: finetune}
spec:
  backoffLimit: 2
  activeDeadlineSeconds: 7200
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: trainer
        image: registry.example.com/trainer:1.0
        command: [python, train.py, --output-dir, "s3://models/run1"]
        resources: {limits: {cpu: 4, memory: 16Gi}}
"""
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: chat}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}, maxReplicas: 4}
"""
ALONE = surround([], STANDARD)


def read_body(text: str) -> Body:
    (document,) = read_documents(text)
    body: Body = document.value
    return body


def lint(folder: Path, text: str, *arguments: str) -> list[str]:
    """What ``mlgate lint`` finds in a file, but for advice that nothing here is about."""
    (folder / "manifest.yaml").write_text(text)
    out = io.StringIO()
    main(
        [
            *("lint", "--format", "json", "--ignore", "TRN008,TRN010"),
            *(*arguments, str(folder / "manifest.yaml")),
        ],
        stdout=out,
        stderr=io.StringIO(),
    )
    return [
        f"{row['rule']}/{row['form']} {row['action']}"
        for row in json.loads(out.getvalue())["findings"]
    ]


def judge_file(text: str) -> list[str]:
    """What is told of a text, audits aside."""
    return [describe(one.finding) for one in find(text) if one.finding.action is not Action.AUDIT]


def judge_review(body: Body, known: ReviewContext = ALONE) -> list[str]:
    """The same of a request."""
    findings = admit(body, known).findings
    return [describe(one) for one in findings if one.action is not Action.AUDIT]


def describe(finding: Finding) -> str:
    return f"{finding.rule}/{finding.form} {finding.action}"


def test_a_created_autoscaler_looks_defaulted() -> None:
    assert judge_file(SCALER) == ["HPA001/missing deny"]
    body = read_body(SCALER)
    assert judge_review(present(body)) == ["HPA001/missing deny"]
    assert judge_review(present(body, Way.SERVER_SIDE)) == ["HPA001/missing deny"]
    assert judge_review(present(body, Way.CREATE)) == ["HPA001/defaulted warn"]


def test_a_created_default_is_reported_and_not_overwritten() -> None:
    body = read_body(JOB.replace("  backoffLimit: 2\n", ""))
    applied, created = present(body), present(body, Way.CREATE)
    assert judge_review(applied) == judge_review(created) == ["TRN002/batch deny"]
    assert mend(applied, ALONE)["spec"]["backoffLimit"] == 3
    assert mend(created, ALONE)["spec"]["backoffLimit"] == 6


def test_a_created_default_within_the_bound_passes() -> None:
    text = """\
apiVersion: batch.volcano.sh/v1alpha1
kind: Job
metadata: {name: pretrain}
spec:
  policies: [{event: PodFailed, action: RestartJob}]
  plugins: {pytorch: []}
  tasks:
  - name: worker
    replicas: 2
    template:
      spec:
        restartPolicy: Never
        activeDeadlineSeconds: 7200
        containers:
        - name: worker
          image: registry.example.com/pretrain:1.0
          command: [python, train.py, --output-dir, "s3://models/run1"]
"""
    body = read_body(text)
    assert judge_file(text) == judge_review(present(body)) == ["TRN002/operator warn"]
    assert judge_review(present(body, Way.CREATE)) == []


def test_what_is_empty_counts_as_written_after_a_server_side_apply() -> None:
    text = SCALER.replace("maxReplicas: 4", "maxReplicas: 4, metrics: []")
    body = read_body(text)
    assert judge_file(text) == judge_review(present(body)) == ["HPA001/missing deny"]
    assert judge_review(present(body, Way.SERVER_SIDE)) == []


def test_a_null_amount_is_nothing_to_kubectl_apply_alone() -> None:
    body = read_body(FILES["GPU001/bad-null-limit"].text)
    limits = {}
    for way in Way:
        shown = present(body, way)
        resources = shown["spec"]["containers"][0]["resources"]
        limits[way] = resources["limits"]
        rule = "GPU001/limits" if way is Way.APPLY else "GPU002/unequal"
        assert judge_review(shown) == [f"{rule} deny"]
    zero = {"nvidia.com/gpu": "0"}
    assert limits == {Way.APPLY: {}, Way.SERVER_SIDE: zero, Way.CREATE: zero}


@pytest.mark.parametrize("name", ["TRN001/bad-job-unset", "GPU001/bad-requests-only"])
def test_what_the_api_server_refuses_is_mended_before_it_is_refused(name: str) -> None:
    (found,) = [one for one in find(FILES[name].text) if one.finding.action is Action.DENY]
    assert "the API server refuses this" in found.finding.message
    body = present(found.document.value)
    mended = mend(body, ALONE)
    assert mended != bare(body)
    assert judge_review(mended) == []


def test_an_unknown_field_does_not_reach_the_cluster() -> None:
    lost = JOB.replace("s3://models/run1", "/out/run1").replace(
        "      containers:\n",
        "      volumes: [{name: out, pvc: {claimName: out}}]\n      containers:\n",
    )
    text = f"{lost}        volumeMounts: [{{name: out, mountPath: /out}}]\n"
    shown = present(read_body(text))
    assert shown["spec"]["template"]["spec"]["volumes"] == [{"name": "out", "emptyDir": {}}]
    assert judge_file(text) == []
    assert judge_review(shown) == ["STO001/ephemeral warn"]


def test_the_text_of_a_file_is_judged_offline_alone(tmp_path: Path) -> None:
    text = f"{JOB}---\n[1, 2\n".replace(
        "  backoffLimit: 2\n", "  backoffLimit: 9\n  backoffLimit: 2\n"
    )
    assert sorted(lint(tmp_path, text)) == ["MLG001/unreadable deny", "MLG002/duplicate warn"]
    assert judge_review(present(read_body(JOB))) == []


def test_comments_do_not_reach_the_cluster(tmp_path: Path) -> None:
    line = "  backoffLimit: 9  # mlgate: ignore[TRN002] spot nodes come and go\n"
    text = JOB.replace("  backoffLimit: 2\n", line)
    assert lint(tmp_path, text) == []
    assert judge_review(present(read_body(text))) == ["TRN002/batch deny"]


@pytest.mark.parametrize("ignores", ["allow", "cap-at-warn", "forbid"])
def test_the_policy_says_what_annotations_can_do_at_admission(ignores: str, tmp_path: Path) -> None:
    ignored = "metadata: {name: finetune, annotations: {mlgate.dev/ignore: TRN002=spot nodes}}"
    text = JOB.replace("metadata: {name: finetune}", ignored).replace("Limit: 2", "Limit: 9")
    policy = tmp_path / "mlgate.yaml"
    policy.write_text(f"apiVersion: mlgate.dev/v1\nkind: Policy\nignores: {ignores}\n")
    assert lint(tmp_path, text, "--policy", str(policy)) == []
    known = ALONE._replace(policy=Policy(ignores=ignores))
    told = {"allow": [], "cap-at-warn": ["TRN002/batch warn"], "forbid": ["TRN002/batch deny"]}
    assert judge_review(present(read_body(text)), known) == told[ignores]


TRAIN_JOB = """\
apiVersion: trainer.kubeflow.org/v1alpha1
kind: TrainJob
metadata: {name: finetune}
spec:
  runtimeRef: {name: torch}
  activeDeadlineSeconds: 7200
  trainer:
    image: registry.example.com/trainer:1.0
    command: [python, train.py, --output-dir, /out/run1]
"""
RUNTIME = """\
apiVersion: trainer.kubeflow.org/v1alpha1
kind: ClusterTrainingRuntime
metadata: {name: torch}
spec:
  template:
    spec:
      failurePolicy: {maxRestarts: 0}
      replicatedJobs:
      - name: node
        template:
          spec:
            backoffLimit: 0
            activeDeadlineSeconds: 7200
            template:
              spec:
                restartPolicy: Never
                containers:
                - {name: node, image: "registry.example.com/torch:2.6"}
"""


def test_other_objects_are_those_of_the_run_or_of_the_cluster() -> None:
    lost = ["STO001/ephemeral warn"]
    body = present(read_body(TRAIN_JOB))
    assert judge_file(TRAIN_JOB) == judge_review(body) == []
    assert judge_file(f"{TRAIN_JOB}---\n{RUNTIME}") == lost
    assert judge_review(body, surround([read_body(RUNTIME)], STANDARD)) == lost


WORKFLOW = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: train}
spec:
  entrypoint: train
  templates:
  - name: train
    resource:
      action: create
      manifest: |
        apiVersion: batch/v1
        kind: Job
        metadata: {name: finetune}
        spec:
          activeDeadlineSeconds: 7200
          template:
            spec:
              restartPolicy: Never
              containers:
              - name: trainer
                image: registry.example.com/trainer:1.0
                command: [python, train.py, --output-dir, "s3://models/run1"]
"""


def test_lists_of_custom_resources_are_mended_offline_alone() -> None:
    text = (HERE / "cases/GPU001/bad-pytorchjob-requests-only.yaml").read_text()
    (body,) = [document.value for document in read_documents(text)]
    (found,) = [one.finding for one in find(text) if one.finding.rule == "GPU001"]
    assert found.fix is not None
    assert is_taken_back(found.fix, body)
    assert found.fix.safe
    assert "GPU001" in {finding.rule for finding in admit(present(body, Way.APPLY), ALONE).findings}
    assert mend(present(body, Way.APPLY), ALONE) == bare(present(body, Way.APPLY))


def test_manifests_in_a_string_are_judged_by_both_and_mended_offline_alone() -> None:
    body = present(read_body(WORKFLOW))
    assert judge_file(WORKFLOW) == judge_review(body) == ["TRN002/batch deny"]
    assert "backoffLimit: 3" in fix(WORKFLOW)
    assert mend(body, ALONE) == bare(body)


def test_children_are_skipped_in_files_and_judged_by_what_is_known_of_their_owner(
    tmp_path: Path,
) -> None:
    body = read_body(JOB.replace("Limit: 2", "Limit: 9"))
    body["metadata"]["ownerReferences"] = [owner()]
    assert lint(tmp_path, yaml.safe_dump(body)) == []
    shown = present(body)
    assert judge_review(shown, ALONE._replace(owner=lambda _uid: Answer.FOUND)) == []
    assert judge_review(shown, ALONE._replace(owner=lambda _uid: Answer.UNKNOWN)) == [
        "TRN002/batch warn"
    ]
    assert judge_review(shown, ALONE._replace(owner=lambda _uid: Answer.ABSENT)) == [
        "TRN002/batch deny"
    ]


def test_a_list_is_its_items(tmp_path: Path) -> None:
    items = [read_body(JOB), read_body(JOB.replace("Limit: 2", "Limit: 9"))]
    wrapped = {"apiVersion": "v1", "kind": "List", "items": items}
    told = [finding for item in items for finding in judge_review(present(item))]
    assert lint(tmp_path, yaml.safe_dump(wrapped)) == told == ["TRN002/batch deny"]
    # No cluster is ever given a List: were it, it would be of an unknown kind.
    assert judge_review(present(wrapped)) == []


def test_a_namespace_that_the_file_leaves_out_says_nothing_of_the_role(tmp_path: Path) -> None:
    text = JOB.replace("finetune", "nightly").replace("Never", "OnFailure")
    text = (
        text.replace("python, train.py", 'main, --epochs, "3"')
        .replace("registry.example.com/trainer:1.0", "pytorch/pytorch:2.6.0")
        .replace("name: trainer", "name: main")
    )
    placed = text.replace("{name: nightly}", "{name: nightly, namespace: ml-training}")
    assert lint(tmp_path, text, "--namespace", "ml-training") == ["TRN001/batch audit"]
    assert lint(tmp_path, placed) == ["TRN001/batch warn"]
    assert judge_review(present(read_body(placed))) == ["TRN001/batch warn"]


def test_a_patch_of_kustomize_is_no_whole_object(tmp_path: Path) -> None:
    text = JOB.replace("  activeDeadlineSeconds: 7200\n", "")
    assert lint(tmp_path, text) == judge_review(present(read_body(text))) == ["TRN003/missing warn"]
    (tmp_path / "kustomization.yaml").write_text("patches: [{path: manifest.yaml}]\n")
    assert lint(tmp_path, text) == []
