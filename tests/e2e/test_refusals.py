"""What the API server says where it refuses an object: the words that rules quote are its own."""

import re

import pytest

from rules import refusals
from rules.kinds import find_kind
from rules.manifest import Manifest
from tests.e2e.cluster import Cluster
from tests.e2e.workloads import read_body
from tests.manifests import CASES, Case, find, read_case, read_documents

_TYPE = refusals.WRONG_TYPE

REFUSED = {
    "CRN001/bad-cronjob-unknown-value": refusals.CONCURRENCY_POLICIES,
    "CRN002/bad-cronjob-negative": refusals.NOT_NEGATIVE,
    "CRN004/bad-cronjob-backup-zone-in-schedule": refusals.ZONE_IN_SCHEDULE,
    "CRN004/bad-cronjob-two-zones": refusals.ZONE_IN_SCHEDULE,
    "CRN004/bad-cronjob-zone-in-schedule": refusals.ZONE_IN_SCHEDULE,
    "CRN004/bad-cronjob-zone-twice": refusals.ZONE_IN_SCHEDULE,
    "CRN004/bad-cronjob-local": refusals.LOCAL_ZONE,
    "CRN004/bad-cronjob-no-such-zone": "unknown time zone PST",
    "CRN004/bad-cronjob-six-fields": "expected exactly 5 fields, found 6",
    "CRN004/bad-cronjob-sunday-is-seven": "end of range (7) above maximum (6): 7",
    "GPU001/bad-accelerator-of-ones-own": refusals.LIMIT_REQUIRED,
    "GPU001/bad-companion-of-ones-own": refusals.LIMIT_REQUIRED,
    "GPU001/bad-deployment-requests-only": refusals.LIMIT_REQUIRED,
    "GPU001/bad-extended": refusals.LIMIT_REQUIRED,
    "GPU001/bad-init-container": refusals.LIMIT_REQUIRED,
    "GPU001/bad-mig-slice": refusals.LIMIT_REQUIRED,
    "GPU001/bad-other-makers": refusals.LIMIT_REQUIRED,
    "GPU001/bad-pod-template": refusals.LIMIT_REQUIRED,
    "GPU001/bad-requests-only": refusals.LIMIT_REQUIRED,
    "GPU001/bad-two-accelerators": refusals.LIMIT_REQUIRED,
    "GPU002/bad-half-a-gpu": refusals.WHOLE_NUMBER,
    "GPU002/bad-half-of-both": refusals.WHOLE_NUMBER,
    "GPU002/bad-job-init-container": refusals.WHOLE_NUMBER,
    "GPU002/bad-milli-amount": refusals.WHOLE_NUMBER,
    "GPU002/bad-negative": refusals.NOT_NEGATIVE,
    "GPU002/bad-none-requested": refusals.UNEQUAL.format(name="nvidia.com/gpu", limit=2),
    "GPU002/bad-unequal": refusals.UNEQUAL.format(name="nvidia.com/gpu", limit=2),
    "GPU002/bad-unequal-hugepages": refusals.UNEQUAL.format(name="hugepages-2Mi", limit="512Mi"),
    "GPU003/bad-both-names": refusals.UNQUALIFIED_RESOURCE,
    "GPU003/bad-known-name-of-ones-own": refusals.UNQUALIFIED_RESOURCE,
    "GPU003/bad-requested-without-domain": refusals.UNQUALIFIED_RESOURCE,
    "GPU003/bad-tpu": refusals.UNQUALIFIED_RESOURCE,
    "GPU003/bad-with-a-point": refusals.UNQUALIFIED_RESOURCE,
    "GPU003/bad-without-domain": refusals.UNQUALIFIED_RESOURCE,
    "GPU008/bad-none-declared": refusals.UNDECLARED_CLAIM,
    "GPU008/bad-undeclared": refusals.UNDECLARED_CLAIM,
    "MET001/bad-cronjob-concurrency-in-pod": refusals.UNKNOWN_FIELD,
    "MET001/bad-job-fields-in-pod-and-around-it": refusals.UNKNOWN_FIELD,
    "MET003/bad-job-from-a-cluster": refusals.IMAGE_REQUIRED,
    "MET004/bad-autoscaler": _TYPE.format(found="string", expected="int32"),
    "MET004/bad-numbers-that-are-none": _TYPE.format(found="string", expected="int64"),
    "MET004/bad-texts-that-are-none": _TYPE.format(found="bool", expected="string"),
    "MET007/bad-cronjob-policy": refusals.UNKNOWN_FIELD,
    "MET007/bad-deployment-probes": refusals.UNKNOWN_FIELD,
    "MET007/bad-hpa-inside": refusals.UNKNOWN_FIELD,
    "MET007/bad-hpa-utilisation": refusals.UNKNOWN_FIELD,
    "MET007/bad-job-budget": refusals.UNKNOWN_FIELD,
    "MET007/bad-wrong-type": refusals.UNKNOWN_FIELD,
    "MET008/bad-deployment-selector": refusals.SELECTOR_MISMATCH,
    "MET008/bad-job": refusals.NO_SUCH_CONTAINER,
    "TRN001/bad-job-empty-text": refusals.RESTART_POLICIES,
    "TRN001/bad-job-small-letters": refusals.POD_RESTART_POLICIES,
    "TRN001/bad-job-small-letters-with-scratch": refusals.POD_RESTART_POLICIES,
    "TRN001/bad-job-unset": refusals.RESTART_POLICIES,
    "TRN001/bad-job-unset-with-scratch": refusals.RESTART_POLICIES,
    "TRN002/bad-job-negative": refusals.NOT_NEGATIVE,
    "TRN003/bad-job-negative": refusals.NOT_NEGATIVE,
    "TRN007/bad-refused": refusals.ONLY_ALWAYS,
    "TRN008/bad-job-negative": refusals.NOT_NEGATIVE,
}
"""The objects of cases, and what is to be read in their refusal and in a finding."""

SEVERAL = "DST002/bad-jobs-that-the-api-server-refuses"
"""A case whose objects are each refused for reasons of their own."""

ELSE = {"GPU001/bad-null-limit", SEVERAL}
"""That, and cases that quote what the server says once kubectl has dropped what is null."""


def _plain(words: str) -> str:
    """Words without what differs from object to object: quotes, values, and the field's name where
    the message has said it before."""
    words = re.sub(r"Go struct field \S+ of type", "Go struct field of type", words)
    words = words.replace("values are ", "values: ").replace("greater than or equal to", "at least")
    words = re.sub(r'Unsupported value: "\w+": ', "Unsupported value: ", words)
    return words.replace('"', "")


@pytest.mark.parametrize("case", REFUSED)
def test_the_api_server_refuses_it_in_these_words(
    cluster: Cluster, namespace: str, case: str
) -> None:
    arguments = ("create", "--dry-run=server", "-n", namespace, "-f", "-")
    answer = cluster.try_kubectl(*arguments, stdin=read_body(case))
    assert answer.returncode == 1
    assert _plain(REFUSED[case]) in _plain(answer.stdout)


@pytest.mark.parametrize("name", REFUSED)
def test_a_finding_says_so_before(name: str) -> None:
    case = read_case(CASES / f"{name}.yaml")
    told = [_plain(one.finding.message) for one in find(case.text, case.policy)]
    assert any(_plain(REFUSED[name]) in one for one in told), told


def test_each_of_several_objects_is_refused_in_the_words_of_its_findings(cluster: Cluster) -> None:
    case = read_case(CASES / f"{SEVERAL}.yaml")
    quoted = [
        (document, re.findall(r'refuses this \("(.+)"\)', finding.message))
        for document, finding, _ in find(case.text, case.policy)
        if finding.rule == "DST002"
    ]
    assert len(quoted) == 10
    for document, words in quoted:
        body = {**document.value, "metadata": {"name": document.value["metadata"]["name"]}}
        arguments = ("create", "--dry-run=server", "-n", "default", "-f", "-")
        answer = cluster.try_kubectl(*arguments, stdin=body)
        assert answer.returncode == 1
        assert words
        assert _plain(words[0]) in _plain(answer.stdout)


def _quotes_a_refusal(case: Case) -> bool:
    """Whether a finding on an object of a kind of Kubernetes' own says that the server refuses."""
    documents = read_documents(case.text) if case.readable else []
    kinds = [find_kind(Manifest(one.value).group, one.value.get("kind")) for one in documents]
    return all(kind and kind.built_in for kind in kinds) and any(
        "API server refuses it" in one.finding.message or "refuses this" in one.finding.message
        for one in find(case.text, case.policy)
    )


def test_no_refusal_is_quoted_that_is_not_shown() -> None:
    paths = [path for path in sorted(CASES.glob("*/bad-*.yaml")) if ".fixed" not in path.name]
    cases = [case for case in map(read_case, paths) if case.whole]
    assert {case.name for case in cases if _quotes_a_refusal(case)} - REFUSED.keys() == ELSE
