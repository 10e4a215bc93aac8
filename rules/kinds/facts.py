"""The facts that rules ask of a workload, by name: ``workload.at(TTL)``.

Each kind says in its rows where a fact stands. Times are in seconds where nothing else is said.
"""

from rules.type_names import NewType

Fact = NewType("Fact", str)

# How a run is bounded, retried and given up.
DEADLINE = Fact("deadline")
PRE_RUNNING_DEADLINE = Fact("pre-running deadline")
TEMPLATE_TIMEOUT = Fact("template timeout")
"""A text such as ``2h``."""
BACKOFF_LIMIT = Fact("backoff limit")
"""How often failed work is tried again, whatever the kind calls it."""
BACKOFF_LIMIT_PER_INDEX = Fact("backoff limit per index")
MAX_FAILED_INDEXES = Fact("max failed indexes")
MAX_RESTARTS = Fact("max restarts")
"""How often everything is restarted together."""
SUBMITTER_BACKOFF_LIMIT = Fact("submitter backoff limit")
RETRY_STRATEGY = Fact("retry strategy")
DEFAULT_RETRY_STRATEGY = Fact("default retry strategy")
POD_FAILURE_POLICY = Fact("pod failure policy")
POD_REPLACEMENT_POLICY = Fact("pod replacement policy")
SUCCESS_POLICY = Fact("success policy")
FAILURE_RULES = Fact("failure rules")
RESTART_STRATEGY = Fact("restart strategy")
GROUP_RESTART_POLICY = Fact("group restart policy")
APPLICATION_RESTART_POLICY = Fact("application restart policy")
EVENT_POLICIES = Fact("event policies")

# What becomes of it afterwards.
TTL = Fact("ttl")
TTL_STRATEGY = Fact("ttl strategy")
CLEANUP_POLICY = Fact("cleanup policy")
DEPRECATED_CLEANUP_POLICY = Fact("deprecated cleanup policy")
POD_GC = Fact("pod gc")
SHUTDOWN_WHEN_FINISHED = Fact("shutdown when finished")
DELETION_STRATEGY = Fact("deletion strategy")
CLUSTER_DELETION_DELAY = Fact("cluster deletion delay")

# Who starts it, and when.
SUSPEND = Fact("suspend")
"""A run is held, or an object's pods are."""
PAUSED = Fact("paused")
DISABLED = Fact("disabled")
MANAGED_BY = Fact("managed by")
SCHEDULE = Fact("cron schedule")
SCHEDULES = Fact("cron schedules")
TIME_ZONE = Fact("time zone")
CONCURRENCY_POLICY = Fact("concurrency policy")
STARTING_DEADLINE = Fact("starting deadline")
SCHEDULE_SUSPEND = Fact("schedule suspend")
"""No new run starts."""
SUCCESS_HISTORY = Fact("success history")
FAILED_HISTORY = Fact("failed history")
SCHEDULE_CONDITION = Fact("schedule condition")
STOP_STRATEGY = Fact("stop strategy")
SYNCHRONIZATION = Fact("synchronization")

# How large it is.
REPLICAS = Fact("replicas")
MIN_REPLICAS = Fact("min replicas")
MAX_REPLICAS = Fact("max replicas")
PARALLELISM = Fact("parallelism")
COMPLETIONS = Fact("completions")
COMPLETION_MODE = Fact("completion mode")
MIN_AVAILABLE = Fact("min available")
GROUP_SIZE = Fact("group size")
HOSTS_PER_REPLICA = Fact("hosts per replica")
NODES = Fact("nodes")
PROCESSES_PER_NODE = Fact("processes per node")
TENSOR_PARALLEL = Fact("tensor parallel size")
PIPELINE_PARALLEL = Fact("pipeline parallel size")
LOCAL_DATA_PARALLEL = Fact("local data parallel size")
LAUNCHER_AS_WORKER = Fact("launcher as worker")
MAIN_CONTAINER = Fact("main container")
ELASTIC_POLICY = Fact("elastic policy")
ELASTIC_MIN = Fact("elastic min replicas")
ELASTIC_MAX = Fact("elastic max replicas")
ELASTIC_MAX_RESTARTS = Fact("elastic max restarts")
DYNAMIC_ALLOCATION = Fact("dynamic allocation")
MAX_TRIALS = Fact("max trials")
MAX_FAILED_TRIALS = Fact("max failed trials")
INSTANCE_TYPE = Fact("instance type")

# How it is placed; of pods where nothing else is said.
QUEUE = Fact("queue name")
"""Kueue's label."""
SCHEDULER_QUEUE = Fact("scheduler queue")
GANG_POLICY = Fact("gang policy")
GANG_LABEL = Fact("gang label")
PLUGINS = Fact("plugins")
SCHEDULER = Fact("scheduler name")
PRIORITY_CLASS = Fact("priority class")
RUNTIME_CLASS = Fact("runtime class")
NODE_NAME = Fact("node name")
NODE_SELECTOR = Fact("node selector")
TOLERATIONS = Fact("tolerations")
AFFINITY = Fact("affinity")
RESOURCE_CLAIMS = Fact("resource claims")
POD_RESOURCES = Fact("pod resources")
SCHEDULING_GATES = Fact("scheduling gates")
SCHEDULING_GROUP = Fact("scheduling group")

# A pod's life and identity.
POD_DEADLINE = Fact("pod deadline")
POD_RESTART_POLICY = Fact("pod restart policy")
"""What the template says; where an operator has a field of its own, that one counts."""
GRACE_PERIOD = Fact("termination grace period")
SERVICE_ACCOUNT = Fact("service account")
IMAGE_PULL_SECRETS = Fact("image pull secrets")
HOSTNAME = Fact("hostname")
SUBDOMAIN = Fact("subdomain")
PUBLISH_NOT_READY = Fact("publish not ready addresses")
DNS_POLICY = Fact("dns policy")
HOST_IPC = Fact("host ipc")
HOST_NETWORK = Fact("host network")
HOST_PID = Fact("host pid")

# How a new version replaces the old one.
ROLLOUT_STRATEGY = Fact("rollout strategy")
"""The whole of it, for kinds that may stop the old pods before they start new ones."""
UPDATE_STRATEGY = Fact("update strategy")
MAX_SURGE = Fact("max surge")
MAX_UNAVAILABLE = Fact("max unavailable")
PROGRESS_DEADLINE = Fact("progress deadline")
"""A number, or with Knative a text such as ``600s``."""
MIN_READY_SECONDS = Fact("min ready seconds")
DISRUPTION_BUDGET = Fact("disruption budget")

# Claims that a controller makes, and what becomes of them.
CLAIM_TEMPLATES = Fact("claim templates")
CLAIM_WHEN_DELETED = Fact("claim when deleted")
CLAIM_WHEN_SCALED = Fact("claim when scaled")
CLAIM_GC = Fact("claim gc")

# What decides how many replicas serve.
SCALE_TARGET = Fact("scale target")
METRICS = Fact("metrics")
TARGET_CPU = Fact("target cpu")
BEHAVIOR = Fact("behavior")
SCALE_METRIC = Fact("scale metric")
SCALE_METRIC_TARGET = Fact("scale metric target")
TRIGGERS = Fact("triggers")
COOLDOWN = Fact("cooldown")
INITIAL_COOLDOWN = Fact("initial cooldown")
IDLE_REPLICAS = Fact("idle replicas")
AUTOSCALER_CLASS = Fact("autoscaler class")
SCALE_DOWN_DELAY = Fact("scale-down delay")
SCALE_TO_ZERO_RETENTION = Fact("scale-to-zero retention")
"""Like the delay a text such as ``15m``."""

# What it serves or runs, and for how long a request may take.
DEPLOYMENT_MODE = Fact("deployment mode")
REQUEST_TIMEOUT = Fact("request timeout")
CONTAINER_CONCURRENCY = Fact("container concurrency")
MODEL_URI = Fact("model uri")
MULTI_MODEL = Fact("multi-model")
SERVE_CONFIG = Fact("serve config")
RUNTIME_ENV = Fact("runtime env")
ENTRYPOINT = Fact("entrypoint")
WORKFLOW_PARAMETERS = Fact("workflow parameters")

# Other objects that it names.
SERVING_RUNTIME = Fact("serving runtime")
TRAINING_RUNTIME = Fact("training runtime")
WORKFLOW_TEMPLATE = Fact("workflow template")
BASE_CONFIGS = Fact("base configs")
CLUSTER_SELECTOR = Fact("cluster selector")

# Ray's own.
SUBMISSION_MODE = Fact("submission mode")
RAY_VERSION = Fact("ray version")
RAY_AUTOSCALING = Fact("ray autoscaling")
RAY_AUTOSCALER_VERSION = Fact("ray autoscaler version")
FAULT_TOLERANCE = Fact("fault tolerance")
START_PARAMETERS = Fact("start parameters")
GROUP_RESOURCES = Fact("group resources")
HEAD_SERVICE_TYPE = Fact("head service type")
OWN_HEAD_SERVICE_TYPE = Fact("own head service type")

# Of objects that run nothing, and that others look up.
ACCESS_MODES = Fact("access modes")
STORAGE_CLASS = Fact("storage class")
STORAGE_REQUEST = Fact("storage request")
SELECTOR = Fact("selector")
CLUSTER_IP = Fact("cluster ip")
SERVICE_TYPE = Fact("service type")
CLUSTER_QUEUE = Fact("cluster queue")
DEVICE_REQUESTS = Fact("device requests")
DATA = Fact("data")
DESTINATION = Fact("destination namespace")
"""Where Argo CD keeps what an Application is made of."""

WHOLE_NUMBERS = (
    DEADLINE,
    PRE_RUNNING_DEADLINE,
    BACKOFF_LIMIT,
    BACKOFF_LIMIT_PER_INDEX,
    MAX_FAILED_INDEXES,
    MAX_RESTARTS,
    SUBMITTER_BACKOFF_LIMIT,
    TTL,
    STARTING_DEADLINE,
    SUCCESS_HISTORY,
    FAILED_HISTORY,
    REPLICAS,
    MIN_REPLICAS,
    MAX_REPLICAS,
    PARALLELISM,
    COMPLETIONS,
    GROUP_SIZE,
    HOSTS_PER_REPLICA,
    NODES,
    ELASTIC_MIN,
    ELASTIC_MAX,
    ELASTIC_MAX_RESTARTS,
)
"""Facts that are whole numbers in every kind that has them."""
