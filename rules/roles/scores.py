"""The score of each role, and the role that wins."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from rules.kinds.schema import Kind, Pod, Role
from rules.manifest import Manifest
from rules.model import Confidence
from rules.roles.reading import Reading, read_namespace
from rules.roles.vocabulary import (
    BATCH,
    DATA,
    NOTEBOOK,
    OTHER,
    SERVING,
    TRAINING,
    Signal,
)

SCORED = (TRAINING, SERVING, BATCH, DATA, NOTEBOOK, OTHER)
"""The roles that can win, in the order that breaks a tie."""

_Best: TypeAlias = dict[tuple[Role, str], Signal]
"""The weightiest signal of each role and group."""

_LEAST = 4
_HIGH = (8, 3)
_MEDIUM = (5, 2)
"""Score and margin from which confidence is high, or medium."""

_SURE = 5
_STRUCTURE = frozenset({"port", "probe"})
_PLACES = frozenset({*_STRUCTURE, "name", "part", "namespace", "env"})
"""Groups that tell what a workload is called and where it stands, not what runs."""
_OWN_TRAINING = tuple((TRAINING, group) for group in "script module flags name image".split())
"""A launcher, a base image or a rank's environment alone never mean training."""
_OWN_BATCH = ((BATCH, "program"), (BATCH, "name"), (BATCH, "image"))
_OWN_DATA = ((DATA, "program"), (DATA, "transport"), (DATA, "name"))
_OWN_DATA_FOR_EVER = ((DATA, "program"),)
"""What runs for ever fetches nothing that matters, whatever its name is."""
_ON_ACCELERATORS = (TRAINING, SERVING, BATCH)
_LEARNING = {TRAINING, SERVING, NOTEBOOK}
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
        key = (signal[0], signal[2])
        if key not in best or signal[1] > best[key][1]:
            best[key] = signal
    return best


def _collect(reading: Reading, manifest: Manifest, priors: Mapping[Role, int]) -> list[Signal]:
    found = _unless_mixed(reading.texts, reading)
    if reading.images:
        found.extend(_weigh_images(reading, priors))
    found.extend(reading.names(manifest))
    found.extend(reading.structure())
    found.extend(reading.environment())
    found.extend(read_namespace(manifest))
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
    sums = dict.fromkeys(SCORED, 0)
    for signal in best.values():
        sums[signal[0]] += signal[1]
    for role in list(sums) if priors or accelerated else ():
        hints = priors.get(role, 0) + (accelerated and role in _ON_ACCELERATORS)
        if _is_said(role, best, priors, accelerated=accelerated):
            sums[role] += hints
        else:
            sums[role] = 0
    first = max(sums, key=sums.__getitem__)
    score = sums[first]
    del sums[first]
    if score >= _LEAST:
        told = _tell_hints(first, kind, priors, accelerated=accelerated)
        return Score(first, score, score - max(0, *sums.values()), _order(best, first, told))
    return _know_nothing(best, accelerated=accelerated)


def _is_said(role: Role, best: _Best, priors: Mapping[Role, int], *, accelerated: bool) -> bool:
    """Whether something of the workload's own speaks for a role, and not its kind alone."""
    if role is TRAINING:
        return priors.get(TRAINING, 0) >= _SURE or any(one in best for one in _OWN_TRAINING)
    if role is BATCH:
        return any(one in best for one in _OWN_BATCH)
    if role is DATA:
        own = _OWN_DATA_FOR_EVER if priors.get(DATA, 0) < 0 else _OWN_DATA
        return any(one in best for one in own)
    if role is SERVING:
        return accelerated or any(one.weight >= 3 for one in best.values() if one.role is SERVING)
    return any(one.role is role for one in best.values())


def _tell_hints(
    role: Role, kind: Kind, priors: Mapping[Role, int], *, accelerated: bool
) -> Iterator[Signal]:
    """What the kind and an accelerator add to a role, as signals."""
    if priors.get(role):
        yield Signal(role, priors[role], "kind", f"is a {kind.name}")
    if accelerated and role in _ON_ACCELERATORS:
        yield Signal(role, 1, "accelerator", _ASKS)


def _order(best: _Best, first: Role, hints: Iterable[Signal]) -> tuple[Signal, ...]:
    """The signals that counted: the winner's by weight, then those for other roles."""
    signals = [*best.values(), *hints]
    return tuple(sorted(signals, key=lambda one: (one.role is not first, -one.weight)))


def _know_nothing(best: _Best, *, accelerated: bool) -> Score:
    """Too little speaks for any role."""
    if accelerated:
        asks = Signal(Role.UNKNOWN_ML, 1, "accelerator", _ASKS)
        return Score(Role.UNKNOWN_ML, 0, 0, (asks, *best.values()))
    return Score(OTHER, 0, 0, tuple(best.values()))
