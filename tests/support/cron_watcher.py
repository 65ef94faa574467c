"""The function on AWS that watches the automation; AWS itself is played by moto."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

HANDLER = Path(__file__).parents[2] / "infra" / "lambda" / "cron_health" / "handler.py"
KEY = "cron-key-of-the-test"


class Watcher:
    """The function with its surroundings: what it publishes and mails can be asked for."""

    def __init__(self, module: ModuleType, queue: str) -> None:
        self.module = module
        self._queue = queue

    def run(self) -> dict[str, Any]:
        """Start it once, as the schedule does, and return what it returns."""
        return dict(self.module.handler({}, None))

    def figures(self) -> dict[str, list[float]]:
        """Return the values published, by metric."""
        found: dict[str, list[float]] = {}
        for page in boto3.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace="HMS/CronJobs"):
            for metric in page["Metrics"]:
                assert metric["Dimensions"] == [{"Name": "JobName", "Value": "NO_SHOW_CHECK"}]
                statistics = boto3.client("cloudwatch").get_metric_statistics(
                    Namespace="HMS/CronJobs",
                    MetricName=metric["MetricName"],
                    Dimensions=metric["Dimensions"],
                    StartTime="2020-01-01T00:00:00Z",
                    EndTime="2100-01-01T00:00:00Z",
                    Period=300,
                    Statistics=["Sum"],
                )
                found[metric["MetricName"]] = [point["Sum"] for point in statistics["Datapoints"]]
        return found

    def mails(self) -> list[dict[str, str]]:
        """Return what the topic's subscriber was sent."""
        answer = boto3.client("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@contextmanager
def watching(backend_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    """Give the function, with everything on AWS that it needs; it knocks at ``backend_url``."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        topic = boto3.client("sns").create_topic(Name="hms-cron-alerts-prod")["TopicArn"]
        queue = boto3.client("sqs").create_queue(QueueName="subscriber")["QueueUrl"]
        arn = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
        secret = boto3.client("secretsmanager").create_secret(Name="cron-key", SecretString=KEY)["ARN"]
        monkeypatch.setenv("CRON_API_KEY_SECRET_ARN", secret)
        monkeypatch.setenv("BACKEND_URL", backend_url)
        monkeypatch.setenv("TOPIC_ARN", topic)
        monkeypatch.setenv("DASHBOARD_URL", "https://console.example.org/alarm")
        monkeypatch.setenv("TIMEOUT_SECONDS", "0.5")
        yield Watcher(_load(), queue)


def _load() -> ModuleType:
    """Load the function afresh, as a cold start does."""
    spec = importlib.util.spec_from_file_location("cron_health", HANDLER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
