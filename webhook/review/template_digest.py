"""What a schedule makes, in a few bytes: to tell whether an object is one of them."""

import hashlib
import json
from typing import Any

from rules.paths import Path, dig

_DEFAULTS = {"backoffLimit": 6, "completions": 1, "parallelism": 1, "completionMode": "NonIndexed"}
"""What ``SetDefaults_Job`` writes into a Job, and nobody into the template of a CronJob."""
_GENERATED = frozenset({"selector", "podReplacementPolicy"})
"""What the API server writes into a Job (``pkg/registry/batch/job/strategy.go``)."""
_HASH_LABEL = "pod-template-hash"
_LABELS = ("controller-uid", "job-name", "batch.kubernetes.io/")


def digest_template(body: Any, root: Path) -> str:
    """The digest of the spec at ``root``, without what the API server adds to it; equal for a
    schedule's template and for what is made of it."""
    spec = dig(body, root)
    if not isinstance(spec, dict):
        return ""
    kept = {key: value for key, value in spec.items() if not _is_added(key, value)}
    text = json.dumps(_bare(kept), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _is_added(key: str, value: Any) -> bool:
    return key in _GENERATED or value in (None, False) or _DEFAULTS.get(key) == value


def _bare(value: Any) -> Any:
    """The value without empty parts and the labels that a Job's pods are given."""
    if isinstance(value, dict):
        kept = {key: _bare(one) for key, one in value.items() if not key.startswith(_LABELS)}
        return {key: one for key, one in kept.items() if one not in (None, "", {}, [])}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def digest_pods(template: Any) -> str:
    """The digest of a pod template as the API server stores it, defaults and all, without the hash
    that a ReplicaSet has among its labels. Annotations are added in passing (``rollout restart``),
    and count for nothing."""
    labels = dig(template, ("metadata", "labels"))
    kept = {key: one for key, one in labels.items() if key != _HASH_LABEL} if labels else {}
    text = json.dumps([kept, dig(template, ("spec",))], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()
