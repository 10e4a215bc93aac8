"""ConfigMaps: scripts that pods run, and manifests that somebody makes objects of.

Airflow's ``pod_template_file`` and Spark's pod templates are mounted from one, and jobs apply
manifests from one. Who reads a text, and what is changed in it first, stands nowhere.
"""

from collections.abc import Iterator

from rules.kinds import facts
from rules.kinds.rows import FactRows
from rules.kinds.schema import Inner, Kind
from rules.kinds.views import SpecView
from rules.manifest import Manifest
from rules.paths import items

SCRIPTS = "scripts"
"""The fact of a ConfigMap that others may ask: the texts of its scripts, by key."""

CREDENTIALS = "credentials"
"""The fact that tells which of its entries hold a credential, by key, and what: never which one."""

LONGEST_SCRIPT = 16 * 1024
"""Characters of a script that is kept; a longer one is not."""
_MOST_SCRIPTS = 8
_SCRIPT_NAMES = (".sh", ".bash", ".py")

_TRIAL = "${trialParameters."
"""What stands for the parameters of a trial in Katib's templates (``trial-templates.yaml``): the
product of one is a metric."""

_CONFIG: FactRows = {facts.DATA: ("data",)}


def _inner(whole: SpecView) -> Iterator[Inner]:
    for key, text in items(whole.dig("data")):
        if isinstance(text, str) and "apiVersion" in text and "kind" in text:
            yield Inner(("data", key), measured=_TRIAL in text, assured=False)


def _read_scripts(manifest: Manifest) -> dict[str, str] | None:
    """The entries of ``data`` that may be run as scripts. The others are not kept, least of all in
    a cluster's cache."""
    kept = (
        (str(key), text)
        for key, text in manifest.mapping("data").items()
        if isinstance(text, str) and len(text) <= LONGEST_SCRIPT and _is_script(str(key), text)
    )
    return {key: text for (key, text), _ in zip(kept, range(_MOST_SCRIPTS), strict=False)} or None


def _read_credentials(manifest: Manifest) -> dict[str, str] | None:
    from rules.credentials import find_credential  # noqa: PLC0415 - most runs look at no ConfigMap

    found = (
        (str(key), find_credential(f"{key}={text}"))
        for key, text in manifest.mapping("data").items()
        if isinstance(text, str) and len(text) <= LONGEST_SCRIPT
    )
    return {key: one.what for key, one in found if one is not None} or None


def _is_script(key: str, text: str) -> bool:
    return key.endswith(_SCRIPT_NAMES) or text.startswith("#!")


CONFIG_MAP = Kind(
    "",
    "ConfigMap",
    root=(),
    inner=_inner,
    rows=(((), _CONFIG),),
    facts={SCRIPTS: _read_scripts, CREDENTIALS: _read_credentials},
    plural="configmaps",
)

KINDS: tuple[Kind, ...] = (CONFIG_MAP,)
