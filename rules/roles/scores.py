"""The score of each role, and the role that wins."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from rules.commands import ReadContainer
from rules.kinds.pods import Pod
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Confidence
from rules.record import NamedTuple
from rules.roles.reading import Reading, read_places
from rules.roles.vocabulary import Mark, Signal, say
from rules.type_names import TypeAlias

SCORED = (Role.TRAINING, Role.SERVING, Role.BATCH, Role.DATA, Role.NOTEBOOK, Role.OTHER)
"""The roles that can win, in the order that breaks a tie."""

_Heard: TypeAlias = dict[Role, dict[str, Signal]]
"""The weightiest signal of each group, by role and group."""

_LEAST = 4
_HIGH = (8, 3)
_MEDIUM = (5, 2)
"""Score and margin from which confidence is high, or medium."""

_SURE = 5
_HINTS = frozenset({"port", "probe"})
_PLACES = frozenset({*_HINTS, "name", "part", "namespace", "env", "settings", "sizes"})
"""Groups that tell what a workload is called and where it stands, not what runs."""
_CALLED = frozenset({"name", "namespace"})
_OWN_TRAINING = frozenset({"script", "module", "flags", "settings", "name", "image"})
"""A launcher, a base image or a rank's environment alone never mean training."""
_OWN_BATCH = frozenset({"program", "evaluation", "name", "image"})
_OWN_DATA = frozenset({"program", "transport", "name"})
_SEEN = frozenset({"accelerator", "namespace"})
_ON_ACCELERATORS = frozenset({Role.TRAINING, Role.SERVING, Role.BATCH})
_LEARNING = frozenset({Role.TRAINING, Role.SERVING, Role.NOTEBOOK})
_WAITS = say(Mark(Role.NOTEBOOK, 5, "idle"), "waits for somebody to log in")
_ASKS = {
    role: say(Mark(role, 1, "accelerator"), "asks for an accelerator")
    for role in (*_ON_ACCELERATORS, Role.UNKNOWN_ML)
}
_UNKNOWN = _ASKS[Role.UNKNOWN_ML]
_SILENCE: dict[str, Signal] = {}


class Score(NamedTuple):
    """The winning role with its score, how far the next is behind, and the signals that counted."""

    role: Role
    score: int
    margin: int
    signals: tuple[Signal, ...]

    @property
    def confidence(self) -> Confidence:
        if self.score >= _HIGH[0] and self.margin >= _HIGH[1] and self._is_seen:
            return Confidence.HIGH
        likely = self.score >= _MEDIUM[0] and self.margin >= _MEDIUM[1]
        return Confidence.MEDIUM if likely else Confidence.LOW

    @property
    def _is_seen(self) -> bool:
        """Whether more than its own names and settings speaks for a server: any web application
        has those."""
        return self.role is not Role.SERVING or any(
            one.role is Role.SERVING and (one.weight >= _SURE or one.group in _SEEN)
            for one in self.signals
        )


def score_pod(
    kind: Kind, manifest: Manifest, pod: Pod, read: ReadContainer, *, accelerated: bool
) -> Score:
    """What a pod template of a kind without a role of its own is for."""
    reading = Reading(pod, read)
    more = kind.weights(kind.view(manifest))
    priors = _add(kind.priors, more) if more else kind.priors
    if reading.idle and priors.get(Role.TRAINING, 0) < _SURE:
        heard = _sort(_read_idle(reading, accelerated=accelerated))
        return _decide(heard, kind, {}, accelerated=False)
    if accelerated and reading.admits and priors.get(Role.TRAINING, 0) < 0:
        return _decide(_sort([_WAITS]), kind, {}, accelerated=False)
    reading.listen()
    heard = _sort(_collect(reading, manifest, priors))
    if accelerated and "part" in heard.get(Role.OTHER, _SILENCE) and _may_answer(priors):
        _forget_part(heard, reading)
    if reading.others and not _runs_something(heard):
        return _decide(_without_places(heard), kind, {}, accelerated=False)
    return _decide(heard, kind, priors, accelerated=accelerated)


def _may_answer(priors: Mapping[Role, int]) -> bool:
    """Whether a kind's pods wait for requests: no Job's do, nor those of what watches each node."""
    return priors.get(Role.SERVING, 0) >= 0


def _forget_part(heard: _Heard, reading: Reading) -> None:
    """A router or a web page needs no accelerator: what is asked for something, or says which model
    it loads, is no part of a platform."""
    if reading.names_model or "port" in heard.get(Role.SERVING, _SILENCE):
        del heard[Role.OTHER]["part"]


def _add(priors: Mapping[Role, int], more: Mapping[Role, int]) -> dict[Role, int]:
    return {role: priors.get(role, 0) + more.get(role, 0) for role in (*priors, *more)}


def _read_idle(reading: Reading, *, accelerated: bool) -> list[Signal]:
    """A pod that does nothing: a place to log in to, if it is one for machine learning."""
    roles = {signal.role for signal in reading.images}
    learns = accelerated or bool(roles & _LEARNING)
    return [_WAITS] if learns and Role.OTHER not in roles and reading.waits else reading.others


def _sort(signals: Iterable[Signal]) -> _Heard:
    """One signal for each role and group: the weightiest, the first of equals."""
    heard: _Heard = {}
    for signal in signals:
        role, weight, group, _ = signal
        groups = heard.get(role)
        if groups is None:
            heard[role] = {group: signal}
        elif group not in groups or weight > groups[group][1]:
            groups[group] = signal
    return heard


def _collect(reading: Reading, manifest: Manifest, priors: Mapping[Role, int]) -> list[Signal]:
    found = _unless_mixed(reading.texts, reading)
    if reading.images:
        found.extend(_weigh_images(reading, priors))
    found.extend(reading.names(manifest))
    found.extend(reading.hints())
    found.extend(read_places(manifest))
    return found


def _unless_mixed(signals: list[Signal], reading: Reading) -> list[Signal]:
    """The signals; those of something else only if every main container has one."""
    if not signals or reading.others:
        return list(signals)
    return [one for one in signals if one.role is not Role.OTHER or one.group == "part"]


def _weigh_images(reading: Reading, priors: Mapping[Role, int]) -> Iterator[Signal]:
    """Of an image for another role than what runs in it nothing is left, unless the kind itself
    speaks for it; nor of a notebook's, where a job runs something else in it, nor of a server's
    that runs a tool."""
    works = reading.commanded and priors.get(Role.SERVING, 0) < 0
    runs = {signal.role for signal in reading.texts if signal.weight >= _SURE}
    for signal in _unless_mixed(reading.images, reading):
        alike = not runs or signal.role in runs or priors.get(signal.role, 0) > 0
        if works and signal.role is Role.NOTEBOOK and Role.NOTEBOOK not in runs:
            continue
        if signal.role is Role.SERVING and reading.others and Role.OTHER in runs:
            continue
        if alike or signal.weight < _SURE:
            yield signal


def _runs_something(heard: _Heard) -> bool:
    """Whether the program or the image is evidence of machine learning."""
    return any(
        group not in _PLACES and (one.weight >= _SURE or group == "image")
        for role, groups in heard.items()
        if role is not Role.OTHER
        for group, one in groups.items()
    )


def _without_places(heard: _Heard) -> _Heard:
    """What runs, and what is said of something else."""
    return {
        role: {
            group: one
            for group, one in groups.items()
            if role is Role.OTHER or group not in _PLACES
        }
        for role, groups in heard.items()
    }


def _decide(heard: _Heard, kind: Kind, priors: Mapping[Role, int], *, accelerated: bool) -> Score:
    """The role with the highest sum of its signals and of what the kind and an accelerator add."""
    first, score, second = Role.OTHER, 0, 0
    for role in SCORED:
        unheard = role not in heard and role is not Role.TRAINING
        if unheard or not _is_said(role, heard, priors, accelerated=accelerated):
            continue
        total = priors.get(role, 0) + (accelerated and role in _ON_ACCELERATORS)
        total += _sum_up(heard.get(role, _SILENCE))
        if total > score:
            first, score, second = role, total, score
        elif total > second:
            second = total
    if score < _LEAST:
        return _know_nothing(heard, accelerated=accelerated)
    signals = [*heard.get(first, _SILENCE).values()]
    if priors.get(first):
        signals.append(_tell_prior(first, priors[first], kind.name))
    if accelerated and first in _ON_ACCELERATORS:
        signals.append(_ASKS[first])
    signals.sort(key=_by_weight)
    return Score(first, score, score - second, (*signals, *_tell_others(heard, first)))


def _sum_up(signals: Mapping[str, Signal]) -> int:
    """The sum of a role's weights; a launcher only adds to other signs of training."""
    total = sum([signal[1] for signal in signals.values()])
    if "launcher" in signals and _OWN_TRAINING.isdisjoint(signals):
        total -= signals["launcher"].weight
    return total


def _is_said(role: Role, heard: _Heard, priors: Mapping[Role, int], *, accelerated: bool) -> bool:
    """Whether something of the workload's own speaks for a role, and not hints alone."""
    signals = heard.get(role, _SILENCE)
    if role is Role.TRAINING:
        return priors.get(Role.TRAINING, 0) >= _SURE or not _OWN_TRAINING.isdisjoint(signals)
    if not signals:
        return False
    if role is Role.SERVING:
        return _may_serve(heard, priors, accelerated=accelerated)
    if role is Role.DATA:
        return _may_prepare(heard, priors)
    return role is not Role.BATCH or not _OWN_BATCH.isdisjoint(signals)


def _may_serve(heard: _Heard, priors: Mapping[Role, int], *, accelerated: bool) -> bool:
    """A web application has ports, probes and perhaps a telling name too; a job that fetches a
    model through its server (``ollama serve & ollama pull``) serves nobody."""
    prior = priors.get(Role.SERVING, 0)
    if prior < 0 and "transport" in heard.get(Role.DATA, _SILENCE):
        return False
    signals = heard[Role.SERVING]
    if accelerated or prior >= _SURE:
        return True
    if "part" in heard.get(Role.OTHER, _SILENCE):  # a part is named after what it stands around
        signals = {group: one for group, one in signals.items() if group not in _CALLED}
    if "flags" in signals and "name" in signals:
        return True
    if _HINTS.isdisjoint(signals):  # nobody can ask what only its name says is a server
        signals = {group: one for group, one in signals.items() if group != "name"}
    return any(signal[1] >= 3 for signal in signals.values())


def _may_prepare(heard: _Heard, priors: Mapping[Role, int]) -> bool:
    """What runs for ever fetches nothing that matters, whatever its name is. A cloud's tools in a
    job that is named after a model move that model."""
    signals = heard[Role.DATA]
    if priors.get(Role.TRAINING, 0) < 0:
        return "program" in signals
    return not _OWN_DATA.isdisjoint(signals) or "name" in heard.get(Role.SERVING, _SILENCE)


@lru_cache(maxsize=256)
def _tell_prior(role: Role, weight: int, kind: str) -> Signal:
    return say(Mark(role, weight, "prior"), f"kind {kind}")


def _know_nothing(heard: _Heard, *, accelerated: bool) -> Score:
    """The role of a pod without enough evidence for any."""
    others = heard.get(Role.OTHER, _SILENCE)
    told = (*others.values(), *_tell_others(heard, Role.OTHER))
    if accelerated:
        return Score(Role.UNKNOWN_ML, 1, 0, (_UNKNOWN, *told))
    return Score(Role.OTHER, _sum_up(others), 0, told)


def _tell_others(heard: _Heard, first: Role) -> list[Signal]:
    """The evidence for other roles, by weight; hints alone do not count."""
    told = [
        signal
        for role, signals in heard.items()
        if role is not first
        for group, signal in signals.items()
        if group not in _HINTS
    ]
    told.sort(key=_by_weight)
    return told


def _by_weight(signal: Signal) -> int:
    return -signal[1]
