"""An object uses an API version or a field that current releases have removed.

## What
`apiVersion` must be one that the cluster serves, and no field may be one that the operator removed.

## Why
After an upgrade, objects of the removed version can no longer be applied, and existing ones cannot
be changed. A field that a custom resource's new schema lacks is silently dropped: a CronWorkflow
without its schedule never runs.

## Example
```yaml
apiVersion: autoscaling/v2beta2
kind: HorizontalPodAutoscaler
```

## Use instead
```yaml
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
```
For an older cluster, state its version in the policy, and what it still serves is only audited:
`parameters: {cluster: {kubernetes_version: "1.24"}}`; the same goes for `argo_version`,
`trainer_version`, `kuberay_version` and `training_operator_version`. Recent removals by operators
count only if the policy names their release. Objects that have nothing to do with machine learning,
such as a web application's autoscaler, are only audited.

## Fix safety
Safe if the fields are the same or can be converted. Unsafe if it is uncertain whether the cluster
knows the new field, and if the new version has other defaults (a Deployment's strategy, a
DaemonSet's updates). Otherwise there is no fix.

## References
- https://kubernetes.io/docs/reference/using-api/deprecation-guide/
- argo-workflows `docs/upgrading.md` (4.0), kubeflow/trainer#3309, ray-project/kuberay#5124
"""

from collections.abc import Iterator, Mapping

from rules.kinds.retired import PROJECTS, Retirement, convert_object, find_retired
from rules.model import Fix, Harm, Presence, Problem, Rule, form_table
from rules.paths import Path, dotted, shorten
from rules.releases import Release, read_release, show_release
from rules.relevance import is_plain
from rules.type_names import Any
from rules.workload import Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    if workload.partial:
        return
    kind, manifest = workload.kind, workload.manifest
    for path, one in find_retired(kind.group, kind.name, manifest):
        runs = read_release(params["cluster"][one.project]) if one.project else ()
        if not runs or runs >= one.since:
            yield _judge(workload, path, one, runs)


def _judge(workload: Workload, path: Path, one: Retirement, runs: Release) -> Problem:
    gone = runs >= one.release if runs else not one.recent
    form = "removed" if gone else "superseded"
    if gone and workload.once(is_plain):
        form = "unrelated"
    fix = _convert(workload, one, safe=one.sure and (bool(runs) or not one.recent))
    noted = one.note and not (fix and one.sure)
    expected = f"expected {one.heir}" + (f", {one.note}" if noted else "")
    message = f"{_tell_end(workload, path, one, gone=gone)}; {expected}"
    return Problem(form, path, message, fix)


def _tell_end(workload: Workload, path: Path, one: Retirement, *, gone: bool) -> str:
    version = len(path) == 1
    found = f"{dotted(path)} is {shorten(workload.identity.api_version) if version else 'set'}"
    if not one.project:
        return f"{found}, which no current release {'serves' if version else 'reads'}"
    does = "stopped" if gone else "stops"
    end = f"{does} {'serving' if version else 'reading'} in {show_release(one.release)}"
    return f"{found}, which {PROJECTS[one.project]} {end}"


def _convert(workload: Workload, one: Retirement, *, safe: bool) -> Fix | None:
    edits = convert_object(workload.manifest, one)
    if edits is None:
        return None
    return Fix(f"convert to {one.heir}", edits, safe=safe, presence=Presence.WRITTEN)


RULE = Rule(
    code="MET002",
    name="removed-or-wrong-api-version",
    harm=Harm.NEVER_STARTS,
    forms=form_table(
        """
        removed     error  warn   warn   current releases have given up the version or field
        unrelated   error  audit  audit  the same, of an object without machine learning
        superseded  info   audit  audit  a later release than may run gives it up
        """,
        role_gated=False,
    ),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="every object",
    reads=(),
)
