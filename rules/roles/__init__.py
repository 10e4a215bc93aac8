"""What a pod template is for: its role, how sure that is, and why.

Order of decision, first hit wins: the user's word (``mlgate.dev/role``), the labels
``app.kubernetes.io/component`` and ``trainer.kubeflow.org/trainjob-ancestor-step``, a kind that has
a role of its own, and else a score of what runs in the pod. What runs outweighs the image that it
runs in, and both outweigh names.
"""

from collections.abc import Iterable

from rules.commands import CommandLine, ReadContainer
from rules.kinds.pods import Pod
from rules.kinds.roles import ANCESTOR_STEP, Role, Subrole
from rules.kinds.schema import Kind
from rules.lazy_property import lazy_property
from rules.manifest import Manifest
from rules.model import Confidence
from rules.paths import Path, shorten
from rules.record import NamedTuple
from rules.roles.reading import Reading
from rules.roles.scores import Score, score_pod
from rules.roles.statements import OVERRIDES, read_override, read_said
from rules.roles.vocabulary import Signal
from rules.roles.words import retrains

_SAID = 10
"""Score and margin of a role that is said, and not scored."""
_PLAIN = 5
"""What signs of predictions weigh together that a kind's role gives way to."""
_LEADING = 6
"""The prior from which a kind's name is nearly its role (MPIJob)."""

_GIVEN = frozenset({"prior", "accelerator", "base", "env", "launcher"})

_ORDER = (
    *(Role.RETRAINING, Role.TRAINING, Role.STREAMING, Role.SERVING, Role.BATCH, Role.DATA),
    *(Role.NOTEBOOK, Role.UNKNOWN_ML, Role.OTHER, Role.NONE),
)
_STRENGTH = {role: rank for rank, role in enumerate(_ORDER)}
_CERTAINTY = {Confidence.HIGH: 0, Confidence.MEDIUM: 1, Confidence.LOW: 2}


class Judgement(NamedTuple):
    """The role of a pod template, and what a person can check it by.

    ``score`` is the sum of the role's weights, ``margin`` how far the next role is behind.
    """

    role: Role
    subrole: Subrole | None
    confidence: Confidence
    score: int
    margin: int
    evidence: tuple[str, ...]


class Siblings:
    """The templates ``pods`` of one object, each scored once, without what it asks for.

    ``read`` gives the reading of a container, for whoever has it already.
    """

    def __init__(
        self, kind: Kind, manifest: Manifest, pods: Iterable[Pod], read: ReadContainer = CommandLine
    ) -> None:
        self.read = read
        self._kind = kind
        self._manifest = manifest
        self._pods = pods

    def score(self, pod: Pod, *, accelerated: bool) -> Score:
        """What one of them is for, by what runs in it."""
        return score_pod(self._kind, self._manifest, pod, self.read, accelerated=accelerated)

    @lazy_property
    def _scores(self) -> list[tuple[Path, Score]]:
        return [(pod.path, self.score(pod, accelerated=False)) for pod in self._pods]

    @lazy_property
    def _training(self) -> list[Path]:
        return [
            path
            for path, score in self._scores
            if score.role is Role.TRAINING and not _follows(score)
        ]

    @lazy_property
    def _others(self) -> list[tuple[Path, Score]]:
        return [(path, one) for path, one in self._scores if one.role is Role.OTHER and one.signals]

    def find_leading(self, pod: Pod) -> list[Signal]:
        """The signs that another template than ``pod`` plainly does something else, whatever the
        kind is for."""
        pods = (one for one in self._pods if one.path != pod.path)
        others = (_read_others(Reading(one, self.read)) for one in pods)
        return next(filter(None, others), [])

    def lead(self, pod: Pod) -> Score | None:
        """The score of another template than ``pod`` that plainly does something else, if no
        template trains: it gives the work (``mpirun`` in a launcher)."""
        if any(path != pod.path for path in self._training):
            return None
        return next((score for path, score in self._others if path != pod.path), None)


def classify_pod(  # noqa: PLR0913 - everything that a role hangs on, by keyword
    kind: Kind,
    manifest: Manifest,
    pod: Pod,
    *,
    accelerated: bool,
    scheduled: bool,
    label: str = "mlgate.dev/role",
    siblings: Siblings | None = None,
    namespace_role: Role | None = None,
    own_word: bool = True,
) -> Judgement:
    """The role of one pod template of ``manifest``.

    ``accelerated``: it asks for an accelerator. ``scheduled``: the object starts runs by a
    schedule, which makes training retraining. ``label`` is the annotation or label by which users
    say the role; a value that is no role is passed over. ``siblings`` are the templates of
    ``manifest``, for whoever asks of one after the other. ``namespace_role`` is what the Namespace
    says, where the object says nothing; ``own_word``: what the object says counts.
    """
    said = read_said(manifest, pod, label) if own_word else None
    if said is None and namespace_role is not None:
        said = namespace_role, f"{label} of the Namespace"
    if said is not None:
        return _judge_said(*said, pod)
    siblings = siblings or Siblings(kind, manifest, (pod,))
    if pod.role or kind.role:
        judgement = _judge_kind(kind, pod, siblings)
    else:
        judgement = _judge_score(pod, siblings, accelerated=accelerated)
    if judgement.role is Role.TRAINING:
        return _mark_retraining(judgement, manifest, pod, scheduled=scheduled)
    return judgement


def strongest(judgements: Iterable[Judgement]) -> Judgement | None:
    """The judgement that stands for the object: the strongest role, and of equals the surest."""
    return min(judgements, key=_rank, default=None)


def _rank(judgement: Judgement) -> tuple[int, int, int]:
    return _STRENGTH[judgement.role], _CERTAINTY[judgement.confidence], -judgement.score


def _judge_said(role: Role, key: str, pod: Pod) -> Judgement:
    initializes = key == ANCESTOR_STEP and role is Role.DATA
    subrole = Subrole.INITIALIZER if initializes else pod.subrole
    return Judgement(role, subrole, Confidence.HIGH, _SAID, _SAID, (f"{key} says {role}",))


def _judge_kind(kind: Kind, pod: Pod, siblings: Siblings) -> Judgement:
    """A kind's role, unless every main container plainly does something else, or predicts under a
    kind that trains."""
    role = pod.role or kind.role or Role.OTHER
    what = f"kind {kind.name}" if role is kind.role else f"such a template of kind {kind.name}"
    evidence = f"{what} is {role}"
    against = _read_against(role, pod, siblings)
    if not against:
        return Judgement(role, pod.subrole, Confidence.HIGH, _SAID, _SAID, (evidence,))
    score = max(signal.weight for signal in against)
    reasons = (*dict.fromkeys(signal.sentence for signal in against), evidence)
    return Judgement(against[0].role, pod.subrole, Confidence.MEDIUM, score, score, reasons)


def _read_against(role: Role, pod: Pod, siblings: Siblings) -> list[Signal]:
    """Signs against the role of a kind. A worker that only lets its launcher log in does what that
    does; what a runtime only prints gives way to what its TrainJobs run."""
    reading = Reading(pod, siblings.read)
    if reading.idle and not pod.outputs_known and not pod.inherits:
        return []
    others = _read_others(reading)
    if others or role is not Role.TRAINING:
        return others
    return siblings.find_leading(pod) if reading.admits else _read_batch(reading)


def _read_batch(reading: Reading) -> list[Signal]:
    """Signs of batch inference among all signs, if none is of training."""
    if any(one.role is Role.TRAINING and one.group != "launcher" for one in reading.texts):
        return []
    signs = [one for one in reading.texts if one.role is Role.BATCH]
    return signs if sum({one.group: one.weight for one in signs}.values()) >= _PLAIN else []


def _read_others(reading: Reading) -> list[Signal]:
    """Signs of something else in every main container, and none of machine learning."""
    if reading.idle:
        return reading.others
    if any(map(_speaks, reading.images)):
        return []
    reading.listen()
    return [] if any(map(_speaks, reading.texts)) else reading.others


def _speaks(signal: Signal) -> bool:
    return signal.role is not Role.OTHER and signal.weight >= 3 and signal.group != "launcher"


def _judge_score(pod: Pod, siblings: Siblings, *, accelerated: bool) -> Judgement:
    score = siblings.score(pod, accelerated=accelerated)
    if score.role is Role.TRAINING and _follows(score):
        score = siblings.lead(pod) or score
    return Judgement(
        score.role,
        pod.subrole,
        score.confidence,
        score.score,
        score.margin,
        tuple([signal.sentence for signal in score.signals]),
    )


def _follows(score: Score) -> bool:
    """Whether the kind alone speaks for training: a worker that its launcher gives its work."""
    first = score.signals[0]
    if first.group != "prior" or first.weight < _LEADING:
        return False
    said = {one.group for one in score.signals if one.role is Role.TRAINING and one.weight > 0}
    return said <= _GIVEN


def _mark_retraining(
    judgement: Judgement, manifest: Manifest, pod: Pod, *, scheduled: bool
) -> Judgement:
    """Training that is done again: by a schedule, or by its name."""
    if scheduled:
        reason = "is started by a schedule"
    else:
        name = next(filter(retrains, map(shorten, _names(manifest, pod))), None)
        if name is None:
            return judgement
        reason = f'named "{name}"'
    evidence = (*judgement.evidence, f"retraining: {reason}")
    return judgement._replace(role=Role.RETRAINING, evidence=evidence)


def _names(manifest: Manifest, pod: Pod) -> list[str]:
    metadata = manifest.mapping("metadata")
    names = [metadata.get("name"), metadata.get("generateName"), pod.name]
    names += [container.name for container in pod.mains]
    return [name for name in names if isinstance(name, str)]


__all__ = [
    "OVERRIDES",
    "Judgement",
    "Siblings",
    "classify_pod",
    "read_override",
    "read_said",
    "strongest",
]
