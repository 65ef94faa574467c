"""The function on AWS, against a real HTTP server in HMS's place; AWS itself is played by moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.support.cron_watcher import KEY, Watcher, watching
from tests.support.http import HttpPeer
from tests.support.processes import free_port

WELL = {"jobName": "NO_SHOW_CHECK", "isHealthy": True, "healthMessage": "OK", "durationMs": 1234}


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch, http_peer: HttpPeer) -> Iterator[Watcher]:
    with watching(f"http://{http_peer.netloc}/", monkeypatch) as watcher:
        yield watcher


def answer(data: dict[str, Any]) -> bytes:
    return json.dumps({"success": True, "data": data}).encode()


def refusal(message: str) -> bytes:
    return json.dumps({"success": False, "error": {"code": "X", "message": message, "details": []}}).encode()


def test_a_well_check_is_published_and_nobody_is_mailed(watcher: Watcher, http_peer: HttpPeer) -> None:
    http_peer.answer(200, answer(WELL))
    assert watcher.run() == {"healthy": True, "durationMs": 1234, "error": None}
    assert watcher.figures() == {"CronHealthStatus": [1.0], "CronExecutionDuration": [1234.0]}
    assert watcher.mails() == []
    [request] = http_peer.requests
    assert (request.method, request.path) == ("POST", "/api/v1/no-show/external-trigger")
    assert request.headers["x-cron-api-key"] == KEY


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"<html>oops</html>", "HTTP 500: no reason given"),
        (503, refusal("The no-show check failed."), "HTTP 503: The no-show check failed."),
        (429, refusal("Too many calls."), "HTTP 429: Too many calls."),
        (200, answer(WELL | {"isHealthy": False, "healthMessage": "no success"}), "no success"),
        (200, answer(WELL | {"durationMs": 30_000}), "The check took 30000 ms, 30000 at most are well"),
        (200, b"<html>welcome</html>", "The answer is not one of HMS. Does BACKEND_URL lead somewhere else?"),
        (200, b'{"data": null}', "The answer is not one of HMS. Does BACKEND_URL lead somewhere else?"),
    ],
)
def test_what_is_not_well_is_published_and_mailed(
    watcher: Watcher, http_peer: HttpPeer, status: int, body: bytes, error: str
) -> None:
    http_peer.answer(status, body)
    outcome = watcher.run()
    assert (outcome["healthy"], outcome["error"]) == (False, error)
    assert watcher.figures()["CronHealthStatus"] == [0.0]
    [mail] = watcher.mails()
    assert mail["Subject"] == "[ALARM] HMS Cron Health Check Failed"
    assert f"Error: {error}" in mail["Message"]
    assert "UTC" in mail["Message"]
    assert "Dashboard: https://console.example.org/alarm" in mail["Message"]
    assert KEY not in mail["Message"]


def test_a_server_that_does_not_answer_in_time(watcher: Watcher, http_peer: HttpPeer) -> None:
    http_peer.stall(5)
    assert watcher.run()["error"] == "No answer within 0.5 seconds"
    assert watcher.figures()["CronHealthStatus"] == [0.0]
    assert len(watcher.mails()) == 1


def test_a_server_that_hangs_up(watcher: Watcher, http_peer: HttpPeer) -> None:
    http_peer.drop()
    assert str(watcher.run()["error"]).startswith("No connection: ")


def test_a_refused_connection(watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", f"http://127.0.0.1:{free_port()}")
    error = str(watcher.run()["error"])
    assert error.startswith("No connection: ")
    assert "refused" in error
    assert len(watcher.mails()) == 1


def test_a_key_that_was_changed_is_read_again(watcher: Watcher, http_peer: HttpPeer) -> None:
    http_peer.answer(200, answer(WELL))
    watcher.run()
    boto3.client("secretsmanager").put_secret_value(SecretId="cron-key", SecretString="new-key")
    http_peer.answer(401, refusal("The header is wrong."))
    http_peer.answer(200, answer(WELL))
    assert watcher.run()["healthy"]
    assert [request.headers["x-cron-api-key"] for request in http_peer.requests] == [KEY, KEY, "new-key"]


def test_a_wrong_key_is_told(watcher: Watcher, http_peer: HttpPeer) -> None:
    http_peer.answer(401, refusal("The header is wrong."), times=None)
    assert watcher.run()["error"] == "HTTP 401: The header is wrong."
    assert len(http_peer.requests) == 2


def test_the_key_may_come_from_parameter_store(
    watcher: Watcher, http_peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRON_API_KEY_SECRET_ARN")
    monkeypatch.setenv("CRON_API_KEY_PARAMETER", "/hms/prod/cron-api-key")
    boto3.client("ssm").put_parameter(Name="/hms/prod/cron-api-key", Value="from-ssm", Type="SecureString")
    http_peer.answer(200, answer(WELL))
    assert watcher.run()["healthy"]
    assert http_peer.requests[0].headers["x-cron-api-key"] == "from-ssm"


def test_the_key_is_carried_to_nobody_else(watcher: Watcher, http_peer: HttpPeer) -> None:
    http_peer.answer(307, b"")
    assert watcher.run()["error"] == "HTTP 307: no reason given"
    assert len(http_peer.requests) == 1


def test_a_topic_that_is_gone_does_not_keep_the_figures_back(
    watcher: Watcher, http_peer: HttpPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:nobody")
    http_peer.answer(500)
    with pytest.raises(Exception, match="NotFound"):
        watcher.run()
    assert watcher.figures()["CronHealthStatus"] == [0.0]
