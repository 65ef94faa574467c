"""What Terraform would build: names, figures and rights, read from its files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import hcl2
import pytest

FOLDER = Path(__file__).parents[2] / "infra" / "terraform"


def plain(value: Any) -> Any:
    """Take the quotation marks off that the parser keeps around texts and names."""
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items() if key != "__is_block__"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.strip('"') if isinstance(value, str) else value


@pytest.fixture(scope="module")
def parsed() -> dict[str, list[Any]]:
    merged: dict[str, list[Any]] = {}
    for path in sorted(FOLDER.glob("*.tf")):
        with path.open(encoding="utf-8") as file:
            for kind, blocks in plain(hcl2.load(file)).items():
                merged.setdefault(kind, []).extend(blocks)
    return merged


@pytest.fixture(scope="module")
def resources(parsed: dict[str, list[Any]]) -> dict[str, dict[str, Any]]:
    return {kind: next(iter(named.values())) for block in parsed["resource"] for kind, named in block.items()}


@pytest.fixture(scope="module")
def variables(parsed: dict[str, list[Any]]) -> dict[str, Any]:
    return {name: body for block in parsed["variable"] for name, body in block.items()}


def test_names(parsed: dict[str, list[Any]]) -> None:
    [names] = parsed["locals"]
    assert names["function_name"] == "${var.project}-cron-health-${var.env}"
    assert names["rule_name"] == "${var.project}-cron-health-check-${var.env}"
    assert names["alarm_name"] == "${var.project}-cron-unhealthy-${var.env}"
    assert names["topic_name"] == "${var.project}-cron-alerts-${var.env}"
    assert names["namespace"] == "HMS/CronJobs"


def test_defaults(variables: dict[str, Any]) -> None:
    assert {name: variables[name]["default"] for name in ("project", "env", "region")} == {
        "project": "hms",
        "env": "prod",
        "region": "us-east-1",
    }
    assert "default" not in variables["backend_url"]
    assert "default" not in variables["alert_email"]


def test_alarm(resources: dict[str, dict[str, Any]]) -> None:
    alarm = resources["aws_cloudwatch_metric_alarm"]
    assert alarm["comparison_operator"] == "LessThanThreshold"
    assert (alarm["threshold"], alarm["period"], alarm["evaluation_periods"]) == (1, 300, 2)
    assert alarm["treat_missing_data"] == "breaching"
    assert alarm["metric_name"] == "CronHealthStatus"
    assert "aws_sns_topic.alerts.arn" in str(alarm["alarm_actions"])


def test_function_is_started_every_five_minutes(resources: dict[str, dict[str, Any]]) -> None:
    assert resources["aws_cloudwatch_event_rule"]["schedule_expression"] == "rate(5 minutes)"
    assert resources["aws_lambda_permission"]["principal"] == "events.amazonaws.com"
    assert resources["aws_lambda_function"]["handler"] == "handler.handler"
    assert "lambda/cron_health/handler.py" in str((FOLDER / "main.tf").read_text())
    assert (FOLDER.parent / "lambda" / "cron_health" / "handler.py").is_file()


def test_function_outlives_its_own_time_out(resources: dict[str, dict[str, Any]]) -> None:
    assert resources["aws_lambda_function"]["timeout"] > 2 * 25


def test_the_keys_value_is_nowhere(parsed: dict[str, list[Any]], variables: dict[str, Any]) -> None:
    assert {name for name in variables if "key" in name} == {"cron_api_key_secret_arn", "cron_api_key_parameter"}
    read = {kind for block in parsed["data"] for kind in block}
    assert not read & {"aws_secretsmanager_secret_version", "aws_ssm_parameter"}


def test_rights_are_the_least(parsed: dict[str, list[Any]]) -> None:
    documents = {
        name: body
        for block in parsed["data"]
        for kind, named in block.items()
        if kind == "aws_iam_policy_document"
        for name, body in named.items()
    }
    statements = {statement["sid"]: statement for statement in documents["function"]["statement"]}
    assert statements.keys() == {"Log", "PublishFigures", "Mail", "EncryptMail", "ReadKey"}
    everywhere = [sid for sid, statement in statements.items() if "*" in statement["resources"]]
    assert everywhere == ["PublishFigures"]
    assert statements["PublishFigures"]["condition"][0]["values"] == ["${local.namespace}"]
    assert [action for s in statements.values() for action in s["actions"] if action.endswith("*")] == []


def test_files_are_formatted() -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        for path in FOLDER.glob("*.tf"):
            assert "\t" not in path.read_text(), path.name
        return
    done = subprocess.run([terraform, "fmt", "-check", str(FOLDER)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
