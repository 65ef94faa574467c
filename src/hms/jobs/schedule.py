"""What beat fires, on the machine's clock. Which jobs are due is for the tick to decide, on the hospitals'."""

from typing import Any

from hms.processes.schedule import tick_seconds

RELAY_SECONDS = 5.0


def entries(speed: float) -> dict[str, dict[str, Any]]:
    """Return beat's entries for a hospital clock of ``speed``; an entry that comes late is dropped."""
    tick = tick_seconds(speed)
    return {
        "jobs.tick": _every(tick, "jobs.tick"),
        "messages.send_email": _every(RELAY_SECONDS, "messages.send_email"),
        "messages.send_sms": _every(RELAY_SECONDS, "messages.send_sms"),
        "exports.write": _every(RELAY_SECONDS, "exports.write"),
    }


def _every(seconds: float, task: str) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"expires": max(2 * seconds, 2.0)}}
