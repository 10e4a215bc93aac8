"""Whether an object shows that it is a fragment: a patch, which something else makes whole."""

from collections.abc import Iterable

from rules.kinds.pods import Pod
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.paths import dig


def lacks_required(kind: Kind, manifest: Manifest, pods: Iterable[Pod]) -> bool:
    """Whether something is missing that every whole object of the kind has."""
    for path in kind.required:
        if dig(manifest.object, path) in (None, ""):
            return True
    # A pod that is made elsewhere has no containers here, and lacks none.
    bare = [pod for pod in pods if not pod.containers and pod.volumes_at is not None]
    return any(pod.path in kind.required for pod in bare)


def lacks_images(pods: Iterable[Pod]) -> bool:
    """Whether a container lacks the image that the API requires there."""
    return any(
        not container.body.get("image")
        for pod in pods
        if pod.images and pod.complete
        for container in pod.containers
    )
