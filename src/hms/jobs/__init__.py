"""Work in the background: the Celery app, its schedule and its one-line tasks."""

from hms.jobs.app import build_app
from hms.jobs.nudging import nudge_through

__all__ = ["build_app", "nudge_through"]
