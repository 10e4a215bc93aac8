"""Workloads to bring to the API server, in no namespace of their own."""

from typing import Any

from tests.e2e.answers import read_answer
from tests.e2e.cluster import Cluster
from tests.manifests import CASES, read_case, read_documents
from tests.webhook.bodies import cron_job, job

Body = dict[str, Any]


def good_job(**spec: Any) -> Body:
    return job(**{"backoffLimit": 2, "activeDeadlineSeconds": 7200, **spec})


def bad_job() -> Body:
    """One that is denied: TRN001."""
    body = good_job()
    body["spec"]["template"]["spec"]["restartPolicy"] = "OnFailure"
    return body


def schedule(inner: Body, **spec: Any) -> Body:
    """A CronJob of the Jobs that ``inner`` describes."""
    body = cron_job(jobTemplate={"spec": inner["spec"]}, **spec)
    del body["metadata"]["namespace"]
    return body


def unbounded_schedule() -> Body:
    """A CronJob whose retry budget is to be added. Nothing fills it in: a CronJob's template gets
    no defaults of a Job."""
    inner = good_job()
    del inner["spec"]["backoffLimit"]
    return schedule(inner)


def slow_server() -> Body:
    """The Deployment ``chat``, which is denied unless it is mended: SRV001."""
    return read_body("SRV001/bad-killed-while-loading")


def restarting_pod() -> Body:
    """The Pod ``ml-training``, which is denied: TRN001."""
    return read_body("TRN001/bad-pod-always")


def read_body(name: str) -> Body:
    """The object of one of the rules' cases, in no namespace of its own."""
    (document,) = read_documents(read_case(CASES / f"{name}.yaml").text)
    metadata = {key: one for key, one in document.value["metadata"].items() if key != "namespace"}
    return {**document.value, "metadata": metadata}


def renamed(body: Body, name: str, **metadata: Any) -> Body:
    return {**body, "metadata": {**body["metadata"], "name": name, **metadata}}


def refuses(cluster: Cluster, namespace: str) -> bool:
    """Whether a bad Job is denied."""
    arguments = ("create", "--dry-run=server", "-n", namespace, "-f", "-")
    return "denied TRN001" in read_answer(cluster.try_kubectl(*arguments, stdin=bad_job()).stdout)
