"""Training outputs are kept only on a claim that is deleted afterwards.

## What
Training outputs must be kept where no controller cleans up: on an independent claim, or in an
object store.

## Why
Controllers delete the claims that they create. Argo deletes those of `volumeClaimTemplates` when
the workflow succeeds, which is just when the model is ready. JobSet deletes its claims with the
JobSet unless told otherwise, and Volcano with the Job, even through its TTL. The model is gone
minutes after "Succeeded", without an error.

## Example
```yaml
kind: Workflow
spec:
  volumeClaimTemplates:
  - metadata: {name: work}
  templates:
  - name: train
    container:
      args: [--output_dir, /work/model]
      volumeMounts: [{name: work, mountPath: /work}]
```

## Use instead
```yaml
    outputs: {artifacts: [{name: model, path: /work/model}]}
```
Or an existing claim in `spec.volumes`, or an upload at the end.

## Fix safety
Safe for a JobSet that sets no policy: with `whenDeleted: Retain` you delete the claims yourself.
Otherwise there is no fix: where to keep the model is your decision.

## References
- argo-workflows `workflow_types.go` (GetVolumeClaimGC), argoproj/argo-workflows#6469
- jobset `api/jobset/v1alpha2` (VolumeClaimPolicy); volcano `job_controller_actions.go` (createPVC)
"""

from collections.abc import Iterator, Mapping

from rules.destinations import Destination, find_destinations
from rules.kinds.pods import Pod, Removal, Volume
from rules.model import Fix, Harm, Problem, Related, Rule, form_table
from rules.outputs import PARAMETERS, naming_of
from rules.paths import dig, dotted, shorten
from rules.storage import Keeping
from rules.type_names import Any
from rules.uploads import find_upload
from rules.wording import write_value
from rules.workload import TRAINING, Workload


def check(workload: Workload, params: Mapping[str, Any]) -> Iterator[Problem]:
    for destination in workload.once(find_destinations, naming_of(params)):
        volume = _find_volume(destination)
        if volume is not None and volume.removal is not None:
            yield _judge(workload, destination, volume, volume.removal)
            return


def _find_volume(destination: Destination) -> Volume | None:
    """The volume that the outputs go to, where they are kept on one."""
    pod, _, place = destination
    if place.keeping is not Keeping.DURABLE or place.path is None:
        return None
    return next((one for one in pod.volumes if one.path == place.path), None)


def _judge(
    workload: Workload, destination: Destination, volume: Volume, removal: Removal
) -> Problem:
    pod, output, _ = destination
    form = "only-place" if output is None else "outputs"
    if any(_hands_on(workload, one, volume) for one in workload.pods if one is not pod):
        form = "handed-on"
    what = "what training leaves is" if output is None else f"{output.shown}"
    found = f"{what} on {_name(volume)}, which {removal.when}"
    message = f"{found}; expected a claim of its own, an output artifact or an upload"
    related = Related(volume.path, "made and deleted by the controller")
    path = volume.path if output is None else output.path
    return Problem(form, path, message, _keep(removal), (related,) if output else ())


def _name(volume: Volume) -> str:
    """A claim by its own name, or one without by its place."""
    own = dig(volume.body, ("volumeClaimTemplate", "metadata", "name"))
    return f"claim '{shorten(own)}'" if isinstance(own, str) else f"claim {dotted(volume.path)}"


def _hands_on(workload: Workload, pod: Pod, volume: Volume) -> bool:
    """Whether another step has the volume and takes something away from it."""
    if all(one.path != volume.path for one in pod.volumes):
        return False
    return bool(pod.artifacts) or any(find_upload(workload.command(one)) for one in pod.containers)


def _keep(removal: Removal) -> Fix | None:
    if removal.said is None:
        return None
    return write_value(removal.said, removal.keep, safe=removal.said.unwritten)


RULE = Rule(
    code="STO004",
    name="output-claim-auto-deleted",
    harm=Harm.LOSES_WORK,
    forms=form_table("""
        outputs     error    warn   warn   an output path is on a claim that is deleted afterwards
        only-place  warning  warn   warn   the only claim that training has is deleted afterwards
        handed-on   info     audit  audit  the same, and another step takes something from it
    """),
    check=check,
    docs=__doc__ or "",
    fix="safe or unsafe",
    scope="training and retraining",
    roles=TRAINING,
    parameters=PARAMETERS,
)
