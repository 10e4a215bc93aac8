"""Retry budgets that multiply one another."""

from typing import Any

import pytest

from rules.budgets import count_multiplied
from tests.rules.kinds.test_facts import make_workload

TEMPLATE = {"spec": {"containers": [{"name": "main", "image": "train:1", "args": ["train.py"]}]}}


@pytest.mark.parametrize(
    ("restarts", "limit", "attempts"),
    [(3, 2, 12), (0, 2, None), (3, 0, None), (3, "{{n}}", None), (2, 999, 3000)],
)
def test_budgets_multiply_where_each_allows_a_retry(
    restarts: int, limit: Any, attempts: float | None
) -> None:
    child = {"name": "a", "template": {"spec": {"backoffLimit": limit, "template": TEMPLATE}}}
    spec = {"failurePolicy": {"maxRestarts": restarts}, "replicatedJobs": [child]}
    jobset = {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "spec": spec}

    assert count_multiplied(make_workload(jobset).retries) == attempts
