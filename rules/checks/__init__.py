"""The rules. A rule is one module below here, in the folder of its area.

from rules.checks.accelerator import (
    accelerator_in_limits,
    accelerator_name_known,
    accelerator_quantity_valid,
    accelerator_request_coherent,
    gpu_rollout_needs_spare_device,
    gpu_visibility_bypass,
    parallelism_matches_accelerators,
)
from rules.checks.autoscaling import (
    autoscaler_target_valid,
    gpu_server_scaled_on_cpu,
    hpa_fights_static_replicas,
    hpa_metrics_defined,
    hpa_resource_metric_without_request,
)
from rules.checks.distributed import (
    distributed_job_needs_stable_identity,
    failed_rank_must_restart_group,
    finished_job_keeps_gpus,
    operator_contract,
)
from rules.checks.manifest import (
    container_without_image,
    duplicate_key,
    field_at_wrong_level,
    ignore_without_reason,
    inert_field,
    misspelled_field,
    patch_replaces_list_of_custom_resource,
    pod_refers_to_nothing_of_its_own,
    reference_exists,
    removed_or_wrong_api_version,
    rule_crashed,
    scalar_of_wrong_type,
    unknown_annotation_value,
    unknown_kind_with_pods,
    unreadable_document,
    unused_ignore,
)
from rules.checks.organisation import (
    accelerated_pod_placement,
    accelerator_cap,
    accelerator_namespace,
    accelerator_placement,
    image_registry,
    model_server_network_policy,
    required_metadata,
    workload_kind,
)
from rules.checks.resources import accelerator_pod_cpu_memory, ml_pod_resources
from rules.checks.organisation import accelerated_pod_placement, model_server_network_policy
from rules.checks.schedule import (
    retrain_concurrency_forbid,
    retrain_starting_deadline,
    run_longer_than_interval,
    schedule_timezone,
)
from rules.checks.serving import (
    liveness_asks_for_the_model,
    model_pull_in_post_start,
    probe_port_exists,
    probe_proves_nothing,
    progress_deadline_below_startup,
    serving_readiness_probe,
    slow_model_startup_probe,
    startup_budget_sufficient,
)
from rules.checks.storage import (
    cache_on_read_only_mount,
    output_claim_auto_deleted,
    rwo_claim_shared_by_many_pods,
    rwo_claim_with_rolling_update,
    shared_memory_too_small,
    training_output_durable,
)
from rules.checks.supply import (
    host_namespace_for_ml,
    plaintext_ml_credentials,
    remote_code_execution_flags,
)
from rules.checks.training import (
    active_deadline_set,
    autoscaler_may_evict_training,
    checkpoint_grace_period,
    disruption_burns_retries,
    finished_job_ttl,
    gitops_reruns_training,
    restart_policy_never,
    retry_budget_inert,
    retry_budget_set,
    retry_unbounded,
    sidecar_blocks_completion,
    training_in_service_controller,
)
from rules.model import Rule

ALL: tuple[Rule, ...] = (
    retrain_concurrency_forbid.RULE,
    retrain_starting_deadline.RULE,
    run_longer_than_interval.RULE,
    schedule_timezone.RULE,
    operator_contract.RULE,
    failed_rank_must_restart_group.RULE,
    finished_job_keeps_gpus.RULE,
    distributed_job_needs_stable_identity.RULE,
    accelerator_in_limits.RULE,
    accelerator_quantity_valid.RULE,
    accelerator_name_known.RULE,
    gpu_visibility_bypass.RULE,
    parallelism_matches_accelerators.RULE,
    gpu_rollout_needs_spare_device.RULE,
    accelerator_request_coherent.RULE,
    hpa_metrics_defined.RULE,
    hpa_resource_metric_without_request.RULE,
    gpu_server_scaled_on_cpu.RULE,
    hpa_fights_static_replicas.RULE,
    autoscaler_target_valid.RULE,
    field_at_wrong_level.RULE,
    removed_or_wrong_api_version.RULE,
    container_without_image.RULE,
    scalar_of_wrong_type.RULE,
    misspelled_field.RULE,
    inert_field.RULE,
    patch_replaces_list_of_custom_resource.RULE,
    pod_refers_to_nothing_of_its_own.RULE,
    unreadable_document.RULE,
    duplicate_key.RULE,
    unused_ignore.RULE,
    ignore_without_reason.RULE,
    rule_crashed.RULE,
    unknown_annotation_value.RULE,
    unknown_kind_with_pods.RULE,
    accelerator_cap.RULE,
    accelerator_placement.RULE,
    required_metadata.RULE,
    accelerator_namespace.RULE,
    workload_kind.RULE,
    image_registry.RULE,
    accelerator_pod_cpu_memory.RULE,
    ml_pod_resources.RULE,
    model_server_network_policy.RULE,
    accelerated_pod_placement.RULE,
    reference_exists.RULE,
    plaintext_ml_credentials.RULE,
    remote_code_execution_flags.RULE,
    host_namespace_for_ml.RULE,
    slow_model_startup_probe.RULE,
    startup_budget_sufficient.RULE,
    progress_deadline_below_startup.RULE,
    serving_readiness_probe.RULE,
    liveness_asks_for_the_model.RULE,
    probe_proves_nothing.RULE,
    model_pull_in_post_start.RULE,
    probe_port_exists.RULE,
    training_output_durable.RULE,
    rwo_claim_shared_by_many_pods.RULE,
    rwo_claim_with_rolling_update.RULE,
    output_claim_auto_deleted.RULE,
    shared_memory_too_small.RULE,
    cache_on_read_only_mount.RULE,
    restart_policy_never.RULE,
    retry_budget_set.RULE,
    active_deadline_set.RULE,
    retry_unbounded.RULE,
    retry_budget_inert.RULE,
    disruption_burns_retries.RULE,
    training_in_service_controller.RULE,
    finished_job_ttl.RULE,
    checkpoint_grace_period.RULE,
    autoscaler_may_evict_training.RULE,
    sidecar_blocks_completion.RULE,
    gitops_reruns_training.RULE,
)
``INDEX`` is what they declare (rules/index.py), sorted by code: a run over few objects imports the
rules that look at one of these, and no others. ``ALL`` and ``BY_CODE`` are the rules themselves;
whoever imports one of these names imports every rule.
"""

from typing import Any

from rules.declaration import Declaration
from rules.index import ROWS
from rules.model import Rule

INDEX: tuple[Declaration, ...] = tuple(Declaration(*row) for row in ROWS)

KNOWN_CODES: tuple[str, ...] = tuple(name for one in INDEX for name in (one.code, *one.forms))
"""What an ignore may name: rules and forms."""

ALL: tuple[Rule, ...]
BY_CODE: dict[str, Rule]

_BY_CODE = {one.code: one for one in INDEX}


def load_rule(code: str) -> Rule:
    """The rule of that code."""
    return _BY_CODE[code].load()


def __getattr__(name: str) -> Any:
    """``ALL`` and ``BY_CODE``, when the first asks for one of them."""
    if name not in {"ALL", "BY_CODE"}:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    rules = tuple(one.load() for one in INDEX)
    globals().update(ALL=rules, BY_CODE={rule.code: rule for rule in rules})
    return globals()[name]
