"""Rules run over objects: problems become findings, and findings get their decision."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from functools import partial as bind

from rules.checks import INDEX, KNOWN_CODES
from rules.declaration import Declaration
from rules.dispatch import Look, RuleIndex, index_rules
from rules.embedding import Scope, View, embed, inner_manifests
from rules.evaluation import Evaluation, join
from rules.findings import FindingMaker
from rules.kinds import find_kind, find_neighbour
from rules.kinds.roles import Role
from rules.kinds.schema import Kind
from rules.manifest import Manifest
from rules.model import Finding, Identity, Problem, Rule
from rules.paths import Path, pointer
from rules.policy import Policy, find_entry, trust_in
from rules.policy.ignores import ANNOTATION_SYNTAX, annotation_path, read_annotations
from rules.roles import OVERRIDES
from rules.strays import point_out
from rules.type_names import TYPE_CHECKING, Any
from rules.workload import Workload

if TYPE_CHECKING:
    import datetime

    from rules.inventory import Inventory


class Engine:
    """The rules, a policy and the other objects at hand.

    ``now`` is the day on which exceptions that end are judged (None: there are none),
    ``flag_profile`` the command line's profile. ``ignores`` says what annotations can do:
    ``allow``, ``cap-at-warn`` or ``forbid``. ``expired`` is asked before each rule whether time is
    up. ``kinds`` are judged here beside those that are judged everywhere.
    """

    def __init__(  # noqa: PLR0913 - what a run is made of, by keyword
        self,
        policy: Policy,
        inventory: "Inventory",
        now: "datetime.date | None",
        *,
        rules: RuleIndex | Iterable[Declaration | Rule] = INDEX,
        flag_profile: str | None = None,
        ignores: str = "allow",
        expired: Callable[[], bool] | None = None,
        kinds: Iterable[Kind] = (),
    ) -> None:
        self.policy = policy
        self.inventory = inventory
        self.ignores = ignores
        self._trust = trust_in(policy, ignores)
        self._expired = expired or bool  # which says no
        self._flag_profile = flag_profile
        self._rules = index_rules(policy, rules)
        self._enabled = self._rules.enabled
        self._own = {(one.group, one.name): one for one in (*kinds, *_custom_kinds(policy))}
        self._findings = FindingMaker(policy, now, flag_profile)

    def kind_of(self, manifest: Manifest) -> Kind | None:
        """The kind of an object, the policy's own kinds first; None where it is not known."""
        return self._find(manifest.group, str(manifest.object.get("kind") or ""))

    def neighbour_kind_of(self, manifest: Manifest) -> Kind | None:
        """The kind of an object that others may ask about, be it judged itself or not."""
        name = str(manifest.object.get("kind") or "")
        return self.kind_of(manifest) or find_neighbour(manifest.group, name)

    def knows(self, group: str, name: str) -> bool:
        """Whether the kind of that group and name is known."""
        return self._find(group, name) is not None

    def _find(self, group: str, name: str) -> Kind | None:
        return self._own.get((group, name)) or find_kind(group, name)

    def owner_of(self, manifest: Manifest) -> Mapping[str, Any] | None:
        """The owner reference of the controller that made an object, where its kind is known:
        such an object was judged with its owner."""
        owner = manifest.controller
        return owner if owner is not None and self.kind_of(Manifest(owner)) else None

    def evaluate(
        self,
        manifest: Manifest,
        *,
        partial: bool | None = None,
        namespace_labels: Mapping[str, str] | None = None,
        scope: Scope = Scope(),  # noqa: B008 - a named tuple never changes
    ) -> Evaluation:
        """Every finding on one object and on the manifests inside it, with its decision.

        ``partial``: it is a fragment; False where it is known to be none, although containers lack
        an image.
        """
        kind = self.kind_of(manifest)
        if kind is None:
            return self._judge_stranger(manifest, scope, namespace_labels)
        workload = Workload(
            manifest,
            kind,
            self.inventory,
            self.policy.parameters,
            partial=partial,
            around=scope.inner,
            namespace_role=self._namespace_role(namespace_labels),
            namespace_labels=namespace_labels,
            own_word=self._trust == "all" or not kind.namespaced,
        )
        view = View(workload, scope, self._placed(scope, manifest), namespace_labels)
        own = self._judge(view)
        inner, crashed = self._attempt(
            "the reader of embedded manifests",
            view,
            lambda: inner_manifests(workload, scope, view.identity),
        )
        if inner is None:
            # What stands inside was not judged by any rule then.
            lost = tuple(self._enabled)
            return own._replace(findings=(*own.findings, *crashed), crashed=lost)
        evaluations = [own]
        for one, place in inner:
            evaluations.append(
                self.evaluate(one, partial=partial, namespace_labels=namespace_labels, scope=place)
            )
        return join(evaluations)

    def _judge_stranger(self, manifest: Manifest, scope: Scope, labels: Any) -> Evaluation:
        """The findings on an object of an unknown kind."""
        declared = self._enabled.get("MLG007")
        if declared is None or not scope.inner.assured:
            return Evaluation()
        from rules.strangers import describe_stranger, view_stranger  # noqa: PLC0415 - they are few

        workload = view_stranger(manifest, self.inventory, self.policy.parameters)
        view = View(workload, scope, self._placed(scope, manifest), labels)
        problem = describe_stranger(workload)
        found = self._findings.make(declared.load(), problem, view) if problem else None
        kept, suppressed = self._suppress([found], view, []) if found else ([], [])
        return Evaluation(tuple(kept), tuple(suppressed))

    def _namespace_role(self, labels: Mapping[str, str] | None) -> Role | None:
        """The role that a Namespace states for its objects, if that counts."""
        if not labels or self._trust == "none" or self.policy.namespace_labels != "trusted":
            return None
        said = labels.get(self.policy.parameters["roles"]["label"])
        return Role(said) if said in OVERRIDES else None

    def input_finding(
        self, code: str, path: Path, message: str, identity: Identity
    ) -> Finding | None:
        """A finding about the input itself (``MLG...``); None where its rule is off."""
        if code not in self._enabled:
            return None
        place = f"{identity.namespace or ''}/{identity.name or ''}"
        return self._findings.make_own(
            code, path, message, identity, f"{code} {identity.kind} {place} {pointer(path)}"
        )

    def _placed(self, scope: Scope, manifest: Manifest) -> Identity:
        identity, namespace = scope.outer or manifest.identity, self.inventory.namespace
        told = identity.namespace or not namespace
        return identity if told else identity._replace(namespace=namespace)

    def _judge(self, view: View) -> Evaluation:
        if self._expired():
            # Nobody reads roles for rules that cannot start any more.
            return self._conclude([], [one.code for one in self._rules.judging], view, ())
        looks: tuple[Look, ...] | None = None
        try:
            looks = self._find_looks(view)
            findings, unfinished = self._judge_together(looks, view)
        except Exception:  # noqa: BLE001 - whose crash it is shows when each rule looks alone
            return self._judge_apart(self._rules.looks if looks is None else looks, view)
        return self._conclude(findings, unfinished, view, looks)

    def _find_looks(self, view: View) -> tuple[Look, ...]:
        """The rules that may find something, with the parameters that hold in the namespace."""
        namespace, labels = view.identity.namespace, view.namespace_labels
        looks = self._rules.find(view.workload, namespace, labels, self._flag_profile)
        if not any(entry.values for entry in self.policy.namespaces):
            return looks
        entry = find_entry(self.policy, namespace, labels)
        parameters = self.policy.rule_parameters
        return tuple((rule, check, parameters(rule, entry)) for rule, check, _ in looks)

    def _judge_together(
        self, looks: tuple[Look, ...], view: View
    ) -> tuple[list[Finding], list[str]]:
        """What the rules find, and those for which no time was left."""
        findings: list[Finding] = []
        unfinished = []
        workload, expired = view.workload, self._expired
        for rule, check, params in looks:
            if expired():
                unfinished.append(rule.code)
                continue
            for problem in check(workload, params):
                found = self._findings.make(rule, point_out(problem, workload), view)
                findings += [found] if found else []
        return findings, unfinished

    def _judge_apart(self, looks: tuple[Look, ...], view: View) -> Evaluation:
        """The same with every rule by itself: where one crashes, that is a finding, and the others
        go on."""
        findings: list[Finding] = []
        unfinished: list[str] = []
        broken: list[str] = []
        for look in looks:
            code = look[0].code
            found, crashed = self._attempt(code, view, bind(self._judge_together, (look,), view))
            alone, late = ([], []) if found is None else found
            findings += [*alone, *crashed]
            unfinished += late
            broken += [code] if found is None else []
        if broken:
            return Evaluation(tuple(findings), (), (), tuple(unfinished), tuple(broken), looks)
        return self._conclude(findings, unfinished, view, looks)

    def _conclude(
        self, findings: list[Finding], unfinished: list[str], view: View, looks: tuple[Look, ...]
    ) -> Evaluation:
        kept, suppressed = self._suppress(findings, view, unfinished)
        views = ((embed(view, ()), view.workload),)
        return Evaluation(tuple(kept), tuple(suppressed), views, tuple(unfinished), looks=looks)

    def _attempt(
        self, what: str, view: View, work: Callable[[], Iterable[Any]]
    ) -> tuple[list[Any] | None, list[Finding]]:
        """What ``work`` yields. Where it crashes, that is None and a finding: one bug stops nothing
        else."""
        try:
            return list(work()), []
        except Exception as crash:  # noqa: BLE001 - the one place that may catch everything
            text = f"{what} crashed: {type(crash).__name__}; please report it"
            mark = f"MLG005/crashed {view.identity} {what}"
            finding = self._findings.make_own("MLG005", (), text, view.identity, mark)
            return None, [finding] if finding else []

    def _suppress(
        self, findings: list[Finding], view: View, unfinished: list[str]
    ) -> tuple[list[Finding], list[Finding]]:
        """Findings that annotations leave, and those that they ignore; a stale ignore is one."""
        workload = view.workload
        ignores = list(read_annotations(workload.manifest.object, workload.pods, KNOWN_CODES))
        if not ignores or self.ignores == "forbid":
            return findings, []
        from rules.policy.suppression import Suppressor, cap_at_warn  # noqa: PLC0415 - few ignore

        suppressor = Suppressor(
            (ignore for _, ignore in ignores), expected=ANNOTATION_SYNTAX, malformed="MLG006"
        )
        kept: list[Finding] = []
        suppressed = []
        for finding in findings:
            ignore = suppressor.find(finding.rule, finding.form, _places(finding))
            if ignore is None:
                kept.append(finding)
            elif self.ignores == "cap-at-warn":
                kept.append(cap_at_warn(finding, ignore))
            else:
                suppressed.append(finding)
        # What is ignored in a fragment may be missing from the rest of it.
        judged = self._enabled.keys() - unfinished if not view.workload.partial else ()
        for problem in suppressor.problems(judged):
            path = annotation_path(ignores[problem.number][0])
            complaint = self._complain(problem.code, path, problem.message, view)
            kept += [complaint] if complaint else []
        return kept, suppressed

    def _complain(self, code: str, path: Path, text: str, view: View) -> Finding | None:
        declared = self._enabled.get(code)
        if declared is None:
            return None
        rule = declared.load()
        return self._findings.make(rule, Problem(rule.forms[0].name, path, text), view)


@lru_cache(maxsize=4)
def _custom_kinds(policy: Policy) -> tuple[Kind, ...]:
    if not policy.kinds:
        return ()
    from rules.policy.kinds import custom_kinds  # noqa: PLC0415 - only with such a policy

    return custom_kinds(policy)


def _places(finding: Finding) -> Iterator[Path]:
    """What an annotation may stand on to cover a finding: all that is around its place."""
    path = finding.embedded.path if finding.embedded else finding.path
    return (path[:depth] for depth in range(len(path) + 1))
