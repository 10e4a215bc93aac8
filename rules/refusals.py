"""What the API server says where it refuses an object, in its own words.

Offline such an object looks merely incomplete: a rule that finds one quotes what the cluster would
say. The words are those of ``pkg/apis/<group>/validation`` at Kubernetes 1.36.
"""

# batch
RESTART_POLICIES = "Required value: valid values: OnFailure, Never"  # without the quotes
ONLY_NEVER = 'only "Never" is supported when podFailurePolicy is specified'
INDEXED_ONLY = "requires indexed completion mode"
POD_NAME_TOO_LONG = "will not able to create pod with invalid DNS label"
ZONE_IN_SCHEDULE = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
LOCAL_ZONE = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
CONCURRENCY_POLICIES = "supported values are Allow, Forbid, Replace"  # without the quotes

# apps
ONLY_ALWAYS = 'Unsupported value: supported values: "Always"'

# core
NOT_FOUND = "Not found"
DUPLICATE = "Duplicate value"
SELECTOR_MISMATCH = "`selector` does not match template `labels`"
NO_SUCH_CONTAINER = "must be one of the container or initContainer names in the pod template"
IMAGE_REQUIRED = "image: Required value"
POD_RESTART_POLICIES = "supported values are Always, OnFailure, Never"  # without the quotes
LIMIT_REQUIRED = "Limit must be set for non overcommitable resources"
WHOLE_NUMBER = "must be an integer"
UNEQUAL = "must be equal to {name} limit of {limit}"
UNDECLARED_CLAIM = "must be one of the names in pod.spec.resourceClaims"
UNQUALIFIED_RESOURCE = "must be a standard resource type or fully qualified"

# every group
WRONG_TYPE_IN_SCHEMA = "in body must be of type {expected}"  # where the CRD has a schema
WRONG_TYPE = "cannot unmarshal {found} into Go struct field of type {expected}"
UNKNOWN_FIELD = "strict decoding error: unknown field"  # unless told to warn or ignore
NOT_NEGATIVE = "must be at least 0"  # in short: it says "greater than or equal to"


def refuse(words: str, what: str = "it") -> str:
    """A clause that says that the object (or ``what`` its operator makes of it) will not be
    admitted, and why."""
    return f"the API server refuses {what}: {words}"


def refuse_pods(words: str, *, built_in: bool) -> str:
    """A clause that says that a pod template will not be admitted, and why: that of a built-in kind
    is checked with its object, that of another when its operator creates the pods."""
    if built_in:
        return f'the API server refuses this ("{words}")'
    return f'the API server refuses the pods when the operator creates them ("{words}")'
