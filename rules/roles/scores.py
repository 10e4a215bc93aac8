"""The score of each role, and the role that wins."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from rules.kinds.schema import Kind, Pod, Role
from rules.manifest import Manifest
from rules.model import Confidence
from rules.roles.reading import Reading, read_places
from rules.roles.vocabulary import BATCH, DATA, NOTEBOOK, OTHER, SERVING, TRAINING, Signal

SCORED = (TRAINING, SERVING, BATCH, DATA, NOTEBOOK, OTHER)
"""The roles that can win, in the order that breaks a tie."""

_Best: TypeAlias = dict[tuple[Role, str], Signal]
"""The weightiest signal of each role and group."""

_LEAST = 4
_HIGH = (8, 3)
_MEDIUM = (5, 2)
"""Score and margin from which confidence is high, or medium."""

_SURE = 5
_HINTS = frozenset({"port", "probe"})
_PLACES = frozenset({*_HINTS, "name", "part", "namespace", "env"})
"""Groups that tell what a workload is called and where it stands, not what runs."""
_OWN_TRAINING = frozenset({"script", "module", "flags", "name", "image"})
"""A launcher, a base image or a rank's environment alone never mean training."""
_OWN_BATCH = frozenset({"program", "name", "image"})
_OWN_DATA = frozenset({"program", "transport", "name"})
_OWN_DATA_FOR_EVER = frozenset({"program"})
"""What runs for ever fetches nothing that matters, whatever its name is."""
_ON_ACCELERATORS = frozenset({TRAINING, SERVING, BATCH})
_LEARNING = frozenset({TRAINING, SERVING, NOTEBOOK})
_WAITS = Signal(NOTEBOOK, 5, "idle", "waits for somebody to log in")
_ASKS = "asks for an accelerator"


class Score(NamedTuple):
    """The winning role with its score, how far the next is behind, and the signals that counted."""

    role: Role
    score: int
    margin: int
    signals: tuple[Signal, ...]

    @property
    def confidence(self) -> Confidence:
        if self.score >= _HIGH[0] and self.margin >= _HIGH[1]:
            return Confidence.HIGH
        sure = self.score >= _MEDIUM[0] and self.margin >= _MEDIUM[1]
        return Confidence.MEDIUM if sure else Confidence.LOW


def score_pod(kind: Kind, manifest: Manifest, pod: Pod, *, accelerated: bool) -> Score:
    """What a pod template of a kind without a role of its own is for."""
    reading = Reading(pod)
    more = kind.weights(manifest)
    priors = _add(kind.priors, more) if more else kind.priors
    if reading.idle and priors.get(TRAINING, 0) < _SURE:
        best = _choose_best(_read_idle(reading, accelerated=accelerated))
        return _decide(best, kind, {}, accelerated=False)
    best = _choose_best(_collect(reading, manifest, priors))
    if reading.others and not _runs_something(best):
        best = {key: one for key, one in best.items() if key[1] not in _PLACES or key[0] is OTHER}
        return _decide(best, kind, {}, accelerated=False)
    return _decide(best, kind, priors, accelerated=accelerated)


def _add(priors: Mapping[Role, int], more: Mapping[Role, int]) -> dict[Role, int]:
    return {role: priors.get(role, 0) + more.get(role, 0) for role in (*priors, *more)}


def _read_idle(reading: Reading, *, accelerated: bool) -> list[Signal]:
    """A pod that does nothing: a place to log in to, if it is one for machine learning."""
    roles = {signal.role for signal in reading.images}
    learns = accelerated or bool(roles & _LEARNING)
    return [_WAITS] if learns and OTHER not in roles and reading.waits else reading.others


def _choose_best(signals: Iterable[Signal]) -> _Best:
    """One signal for each role and group: the weightiest, the first of equals."""
    best: _Best = {}
    for signal in signals:
        role, weight, group, _ = signal
        held = best.get((role, group))
        if held is None or weight > held[1]:
            best[role, group] = signal
    return best


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
    return [one for one in signals if one.role is not OTHER or one.group == "part"]


def _weigh_images(reading: Reading, priors: Mapping[Role, int]) -> Iterator[Signal]:
    """Of an image for another role than what runs in it nothing is left, unless the kind itself
    speaks for it."""
    runs = {signal.role for signal in reading.texts if signal.weight >= _SURE}
    for signal in _unless_mixed(reading.images, reading):
        alike = not runs or signal.role in runs or priors.get(signal.role, 0) > 0
        if alike or signal.weight < _SURE:
            yield signal


def _runs_something(best: _Best) -> bool:
    """Whether what runs, or its image, speaks for machine learning."""
    return any(
        role is not OTHER and group not in _PLACES and (one.weight >= _SURE or group == "image")
        for (role, group), one in best.items()
    )


def _decide(best: _Best, kind: Kind, priors: Mapping[Role, int], *, accelerated: bool) -> Score:
    """The role with the highest sum of its signals and of what the kind and an accelerator add."""
    heard: dict[Role, dict[str, Signal]] = {}
    for (role, group), signal in best.items():
        heard.setdefault(role, {})[group] = signal
    sums = {
        role: sum(signal[1] for signal in heard.get(role, _SILENCE).values())
        + priors.get(role, 0)
        + (accelerated and role in _ON_ACCELERATORS)
        for role in SCORED
        if _is_said(role, heard.get(role, _SILENCE), priors, accelerated=accelerated)
    }
    first = max(sums, key=sums.__getitem__, default=OTHER)
    score = sums.pop(first, 0)
    if score < _LEAST:
        return _know_nothing(best, accelerated=accelerated)
    hints = _tell_hints(first, kind, priors, accelerated=accelerated)
    return Score(first, score, score - max(0, *sums.values(), 0), _order(best, first, hints))


_SILENCE: dict[str, Signal] = {}


def _is_said(
    role: Role, heard: Mapping[str, Signal], priors: Mapping[Role, int], *, accelerated: bool
) -> bool:
    """Whether something of the workload's own speaks for a role, and not hints alone."""
    if role is TRAINING:
        return priors.get(TRAINING, 0) >= _SURE or not _OWN_TRAINING.isdisjoint(heard)
    if not heard:
        return False
    if role is SERVING:
        return _may_serve(heard, priors, accelerated=accelerated)
    if role is DATA:
        ends = priors.get(TRAINING, 0) >= 0
        return not (_OWN_DATA if ends else _OWN_DATA_FOR_EVER).isdisjoint(heard)
    return role is not BATCH or not _OWN_BATCH.isdisjoint(heard)


def _may_serve(
    heard: Mapping[str, Signal], priors: Mapping[Role, int], *, accelerated: bool
) -> bool:
    """A web application has ports, probes and perhaps a telling name too."""
    if accelerated or priors.get(SERVING, 0) >= _SURE or {"flags", "name"} <= heard.keys():
        return True
    return any(signal[1] >= 3 for signal in heard.values())


def _tell_hints(
    role: Role, kind: Kind, priors: Mapping[Role, int], *, accelerated: bool
) -> Iterator[Signal]:
    """What the kind and an accelerator add to a role, as signals."""
    if priors.get(role):
        yield Signal(role, priors[role], "prior", f"kind {kind.name}")
    if accelerated and role in _ON_ACCELERATORS:
        yield Signal(role, 1, "accelerator", _ASKS)


def _know_nothing(best: _Best, *, accelerated: bool) -> Score:
    """Too little speaks for any role."""
    told = _order(best, OTHER, ())
    if accelerated:
        asks = Signal(Role.UNKNOWN_ML, 1, "accelerator", _ASKS)
        return Score(Role.UNKNOWN_ML, 1, 0, (asks, *told))
    return Score(OTHER, sum(signal.weight for signal in told if signal.role is OTHER), 0, told)


def _order(best: _Best, first: Role, hints: Iterable[Signal]) -> tuple[Signal, ...]:
    """The winner's signals by weight, then what speaks for other roles; hints alone do not."""
    won = [*(signal for signal in best.values() if signal[0] is first), *hints]
    lost = [one for one in best.values() if one[0] is not first and one[2] not in _HINTS]
    won.sort(key=_by_weight)
    lost.sort(key=_by_weight)
    return (*won, *lost)


def _by_weight(signal: Signal) -> int:
    return -signal[1]
