"""What takes outputs away: uploads, flags, trackers, and URIs that are no input's."""

from typing import Any

import pytest

from rules.commands import CommandLine
from rules.kinds.podspec import make_bare_pod
from rules.uploads import find_store, find_tracker, find_upload

SCHEMES = frozenset({"s3", "gs"})


def command(*script: str, **environment: str) -> CommandLine:
    env = [{"name": name, "value": value} for name, value in environment.items()]
    body: dict[str, Any] = {"name": "main", "command": list(script), "env": env}
    return CommandLine(make_bare_pod(("spec",), {"containers": [body]}).mains[0])


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("python t.py && aws s3 cp --recursive /out s3://b/run", "aws s3 cp"),
        ("python t.py; /usr/bin/aws --endpoint-url http://x s3 sync out s3://b", "aws s3 sync"),
        ("gsutil -m rsync -r /out gs://b/run", "gsutil rsync"),
        ("gcloud storage cp $OUT gs://b", "gcloud storage cp"),
        ("while true; do rclone sync /out remote:b; sleep 60; done", "rclone sync"),
        ("mc mirror /out minio/b", "mc mirror"),
        ("python t.py\nhf upload org/model /out", "hf upload"),
        ("dvc push", "dvc push"),
        ("aws s3 cp s3://b/data /data && python t.py", None),
        ("gsutil cp gs://b/data /data", None),
        ("rclone copy remote:b /data", None),
        ("mc cp minio/b /data", None),
        ("echo aws s3 cp /out s3://b", None),
        ("aws s3 ls s3://b", None),
        ("python t.py --output /out", None),
    ],
)
def test_what_a_script_uploads_with(script: str, found: str | None) -> None:
    assert find_upload(command("sh", "-c", script)) == found


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--push_to_hub"], "--push-to-hub"),
        (["--push-to-hub", "True"], "--push-to-hub"),
        (["--push_to_hub", "False"], None),
        (["--hub_model_id", "org/m"], "--hub-model-id"),
    ],
)
def test_what_a_flag_uploads(arguments: list[str], found: str | None) -> None:
    assert find_upload(command("python", "t.py", *arguments)) == found


def test_what_a_tracking_service_keeps() -> None:
    assert find_upload(command("t", WANDB_LOG_MODEL="end")) == "WANDB_LOG_MODEL"
    assert find_upload(command("t", WANDB_LOG_MODEL="false", WANDB_PROJECT="p")) is None
    assert find_tracker(command("t", MLFLOW_TRACKING_URI="http://m")) == "MLFLOW_TRACKING_URI"
    assert find_tracker(command("t", WANDB_PROJECT="p")) is None


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["GS://b/c"], "GS://"),
        (["--storage=s3://b"], "s3://"),
        (["http://x,https://s3://b"], "s3://"),
        (["--bucket", "s3://b"], "s3://"),
        (["python", "train.py", "s3://b"], "s3://"),
        (["python", "t.py", "--logger", "wandb", "--sink", "s3://b"], "s3://"),
        (["sh", "-c", "aws", "s3", "cp", "s3://b/data", "/data"], None),
        (["http://x"], None),
        (["://", "s3:/"], None),
        (["--train-file=s3://b/train.csv"], None),
        (["--data", "s3://b"], None),
        (["data.path=gs://b"], None),
        (["dataset:", "gs://b"], None),
        (["aws", "s3", "cp", "s3://b/data", "/data"], None),
        (["aws", "s3", "cp", "s3://b/data", "/data", ";", "t", "--sink", "s3://b"], "s3://"),
    ],
)
def test_a_store_is_an_outputs_unless_something_is_read_from_it(
    words: list[str], found: str | None
) -> None:
    assert find_store(words, SCHEMES) == found
