"""What the API server says where it refuses an object: the words that rules quote are its own."""

import pytest

from rules import refusals
from tests.e2e.cluster import Cluster
from tests.e2e.workloads import read_body

REFUSED = {
    "GPU001/bad-requests-only": refusals.LIMIT_REQUIRED,
    "GPU001/bad-deployment-requests-only": refusals.LIMIT_REQUIRED,
    "GPU002/bad-half-a-gpu": refusals.WHOLE_NUMBER,
    "GPU002/bad-milli-amount": refusals.WHOLE_NUMBER,
    "GPU002/bad-job-init-container": refusals.WHOLE_NUMBER,
    "GPU002/bad-negative": "must be greater than or equal to 0",
    "GPU002/bad-unequal": refusals.UNEQUAL.format(name="nvidia.com/gpu", limit=2),
    "GPU002/bad-none-requested": refusals.UNEQUAL.format(name="nvidia.com/gpu", limit=2),
    "GPU002/bad-unequal-hugepages": refusals.UNEQUAL.format(name="hugepages-2Mi", limit="512Mi"),
    "GPU003/bad-without-domain": refusals.UNQUALIFIED_RESOURCE,
    "GPU003/bad-requested-without-domain": refusals.UNQUALIFIED_RESOURCE,
    "GPU003/bad-with-a-point": refusals.UNQUALIFIED_RESOURCE,
    "GPU003/bad-tpu": refusals.UNQUALIFIED_RESOURCE,
    "GPU008/bad-undeclared": refusals.UNDECLARED_CLAIM,
    "GPU008/bad-none-declared": refusals.UNDECLARED_CLAIM,
}
"""The objects of cases, and what is to be read in their refusal."""


@pytest.mark.parametrize("case", REFUSED)
def test_the_api_server_refuses_it_in_these_words(
    cluster: Cluster, namespace: str, case: str
) -> None:
    arguments = ("create", "--dry-run=server", "-n", namespace, "-f", "-")
    answer = cluster.try_kubectl(*arguments, stdin=read_body(case))
    assert answer.returncode == 1
    assert REFUSED[case] in answer.stdout
