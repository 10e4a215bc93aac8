"""A kind that is not understood and holds pod templates: the policy that would change that."""

import pytest

from linter.judging.suggestions import suggest_templates
from linter.reports.summary import render_summary
from linter.row_types import RunResult
from rules.checks import ALL
from rules.policy import Policy
from rules.policy.file import read_policy
from tests.linter.judging.test_run import run_text
from tests.linter.reports.test_reports import options

TEMPLATE = (
    "{spec: {containers: [{name: main, image: 'registry.example/train:1', "
    "resources: {requests: {nvidia.com/gpu: 1}}}]}}"
)
OBJECTS = f"""\
apiVersion: ml.example.com/v1
kind: Training
metadata: {{name: a}}
spec:
  head: {{podTemplate: {TEMPLATE}}}
  groups:
  - template: {TEMPLATE}
  - template: {TEMPLATE}
---
apiVersion: ml.example.com/v1
kind: Training
metadata: {{name: b}}
spec:
  canary: {TEMPLATE}
---
apiVersion: serving.example.com/v2
kind: Server
metadata: {{name: c}}
spec: {{containers: [{{name: main, image: "registry.example/serve:1"}}]}}
---
apiVersion: serving.example.com/v2
kind: Route
metadata: {{name: d}}
spec: {{to: c}}
"""


def summarize(result: RunResult) -> list[str]:
    return render_summary(result, options()).splitlines()


def read_suggested(result: RunResult) -> Policy:
    """The policy of the lines that the summary says, as somebody copies them."""
    lines = summarize(result)
    start = lines.index("  kinds:")
    said = [line for line in lines[start:] if line.startswith("  ")]
    body = "".join(f"{line.removeprefix('  ')}\n" for line in said)
    return read_policy(f"apiVersion: mlgate.dev/v1\nkind: Policy\n{body}", ALL)


def test_the_suggested_lines_make_it_understood() -> None:
    before = run_text(OBJECTS)
    after = run_text(OBJECTS, policy=read_suggested(before))

    unjudged = [(row["object"]["name"], row["rule"]) for row in before["findings"]]
    assert unjudged == [("a", "MLG007"), ("b", "MLG007"), ("c", "MLG007")]
    assert before["coverage"]["pod_templates"] == {}
    found = [(row["object"]["name"], row["rule"]) for row in after["findings"]]
    assert found.count(("a", "GPU001")) == 3
    assert found.count(("b", "GPU001")) == 1
    assert "MLG007" not in [rule for _, rule in found]
    assert after["coverage"]["pod_templates"] == {
        "Server.serving.example.com": 1,
        "Training.ml.example.com": 4,
    }
    assert after["coverage"]["unknown_kinds"] == {"Route.serving.example.com": 1}
    assert after["coverage"]["kinds_to_add"] == []


def test_the_report_has_them_as_entries() -> None:
    assert run_text(OBJECTS)["coverage"]["kinds_to_add"] == [
        {
            "group": "ml.example.com",
            "kind": "Training",
            "templates": ["spec.canary", "spec.groups[*].template", "spec.head.podTemplate"],
        },
        {"group": "serving.example.com", "kind": "Server", "templates": ["spec"]},
    ]


def test_the_first_few_are_said() -> None:
    many = "---\n".join(
        f"apiVersion: ml.example.com/v1\nkind: K{letter}\nmetadata: {{name: a}}\n"
        f"spec: {{template: {TEMPLATE}}}\n"
        for letter in "abcdefg"
    )
    lines = summarize(run_text(many))

    assert sum(line.startswith("    - {group:") for line in lines) == 5
    assert "    # 2 more: --format json" in lines


@pytest.mark.parametrize(
    ("group", "kind", "body"),
    [
        ("", "Thing", {"spec": {"containers": [{"image": "a"}]}}),
        ("a.b", "odd", {"spec": {"containers": [{"image": "a"}]}}),
        ("a.b", "Thing", {"spec": {"a.b/c": {"containers": [{"image": "a"}]}}}),
        ("a.b", "Thing", {"containers": [{"image": "a"}]}),
        ("a.b", "Thing", {"spec": {"containers": [{"name": "a"}, "b", 3]}}),
        ("a.b", "Thing", {"status": {"pod": {"containers": [{"image": "a"}]}}}),
        ("a.b", "Thing", ["spec"]),
    ],
)
def test_what_no_policy_could_say_is_not_suggested(group: str, kind: str, body: object) -> None:
    assert suggest_templates(group, kind, body) == []


def test_a_list_in_a_list_is_one_that_no_path_leads_to() -> None:
    nested = {"spec": {"rows": [[{"containers": [{"image": "a"}]}]]}}

    assert suggest_templates("a.b", "Thing", nested) == []
