"""Ask HMS from outside to run its no-show check, and publish whether it does: the watcher that doesn't live in it.

It stands alone on AWS Lambda: the standard library and boto3. The key comes from Secrets Manager or from Parameter
Store, is kept for as long as the function lives, and is read again when HMS refuses it.
"""

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

PATH = "/api/v1/no-show/external-trigger"
NAMESPACE = "HMS/CronJobs"
DIMENSIONS = [{"Name": "JobName", "Value": "NO_SHOW_CHECK"}]
SLOWEST_MS = 30_000
"""A check that takes longer is not healthy."""
MOST_BYTES = 64 * 1024
SUBJECT = "[ALARM] HMS Cron Health Check Failed"


@dataclass(frozen=True)
class Outcome:
    """What one call came to; ``error`` is None when all is well."""

    duration_ms: int
    error: str | None = None

    @property
    def is_healthy(self) -> bool:
        """Whether the check ran, and in time."""
        return self.error is None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow nobody elsewhere: the request carries the key."""

    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


def handler(_event: object, _context: object) -> dict[str, Any]:
    """Run the check, publish both figures, and mail when it failed; tell Lambda what came out.

    A figure that cannot be published doesn't keep the mail back, and the other way round; the first such error is
    raised at the end, so that Lambda counts the invocation as failed.
    """
    outcome = check()
    troubles: list[Exception] = []
    for act in (publish, *(() if outcome.is_healthy else (alarm,))):
        try:
            act(outcome)
        except Exception as error:  # noqa: BLE001 -- the other message must still go out
            print(f"{act.__name__} failed: {error}")  # noqa: T201 -- Lambda's log is what is printed
            troubles.append(error)
    print(json.dumps({"healthy": outcome.is_healthy, "durationMs": outcome.duration_ms, "error": outcome.error}))  # noqa: T201
    if troubles:
        raise troubles[0]
    return {"healthy": outcome.is_healthy, "durationMs": outcome.duration_ms, "error": outcome.error}


def check() -> Outcome:
    """Call the trigger; a key that HMS refuses is read anew, once."""
    outcome, status = _call(_key())
    if status == 401:
        _key.cache_clear()
        outcome, _ = _call(_key())
    return outcome


def publish(outcome: Outcome) -> None:
    """Send health and duration to CloudWatch."""
    health = {"MetricName": "CronHealthStatus", "Value": float(outcome.is_healthy), "Unit": "None"}
    duration = {"MetricName": "CronExecutionDuration", "Value": float(outcome.duration_ms), "Unit": "Milliseconds"}
    data = [{**figure, "Dimensions": DIMENSIONS} for figure in (health, duration)]
    boto3.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)


def alarm(outcome: Outcome) -> None:
    """Mail those who subscribed what failed, when, and where to look."""
    lines = [
        "The no-show check of HMS could not be run or did not succeed.",
        "",
        f"Error: {outcome.error}",
        f"Time: {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"Address: {os.environ['BACKEND_URL']}",
        f"Dashboard: {os.environ.get('DASHBOARD_URL', '-')}",
    ]
    boto3.client("sns").publish(TopicArn=os.environ["TOPIC_ARN"], Subject=SUBJECT, Message="\n".join(lines))


def _call(key: str) -> tuple[Outcome, int | None]:
    """Return what the call came to, and the status that HMS answered with, if it did."""
    address = os.environ["BACKEND_URL"].rstrip("/") + PATH
    if not address.startswith(("https://", "http://")):
        return Outcome(0, "BACKEND_URL is not an address that begins with https://"), None
    request = urllib.request.Request(  # noqa: S310 -- looked at just above
        address, data=b"", method="POST", headers={"x-cron-api-key": key, "Accept": "application/json"}
    )
    timeout = float(os.environ.get("TIMEOUT_SECONDS", "25"))
    began = time.monotonic()
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout) as answer:
            body = answer.read(MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            return Outcome(_since(began), f"HTTP {error.code}: {_refusal(error.read(MOST_BYTES))}"), error.code
    except TimeoutError:
        return Outcome(_since(began), f"No answer within {timeout:g} seconds"), None
    except OSError as error:  # refused, unknown name, broken connection, bad certificate
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            return Outcome(_since(began), f"No connection within {timeout:g} seconds"), None
        return Outcome(_since(began), f"No connection: {reason}"), None
    return _judge(body, _since(began)), 200


def _judge(body: bytes, took_ms: int) -> Outcome:
    try:
        data = json.loads(body)["data"]
        healthy, message, duration = bool(data["isHealthy"]), str(data["healthMessage"]), int(data["durationMs"])
    except (ValueError, KeyError, TypeError):
        return Outcome(took_ms, "The answer is not one of HMS. Does BACKEND_URL lead somewhere else?")
    if not healthy:
        return Outcome(duration, message)
    if max(duration, took_ms) >= SLOWEST_MS:
        return Outcome(
            max(duration, took_ms), f"The check took {max(duration, took_ms)} ms, {SLOWEST_MS} at most are well"
        )
    return Outcome(duration)


def _refusal(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return "no reason given"


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


@cache
def _key() -> str:
    """Read the key from where the function's settings say."""
    if secret := os.environ.get("CRON_API_KEY_SECRET_ARN"):
        return str(boto3.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
    name = os.environ["CRON_API_KEY_PARAMETER"]
    return str(boto3.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
