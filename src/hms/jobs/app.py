"""The Celery app: what a task may assume of it is that it runs at least once, or never; neither matters."""

from celery import Celery

from hms.jobs import schedule, tasks
from hms.runtime import Runtime

MEMORY = "memory://"
QUEUE = "hms"


def build_app(runtime: Runtime) -> Celery:
    """Build the app of one process, with its tasks bound to ``runtime``."""
    settings = runtime.settings
    in_memory = settings.broker_url.startswith(MEMORY)
    # Without a host, memory's own driver warns that it takes localhost.
    app = Celery("hms", broker=f"{MEMORY}localhost/" if in_memory else settings.broker_url, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        enable_utc=True,
        timezone="UTC",
        task_default_queue=QUEUE,
        task_acks_late=True,
        task_ignore_result=True,
        # Without a limit: with one, a worker whose tasks all end while Redis is away waits for ever, because what it
        # could not acknowledge fills its quota. What a busy worker sits on, the next tick asks another one for.
        worker_prefetch_multiplier=0,
        worker_enable_prefetch_count_reduction=False,
        worker_concurrency=settings.worker_threads,
        worker_pool="threads",
        # How long the timer's thread sleeps: a worker that stops waits for it.
        worker_timer_precision=0.2,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        # Its channel to Redis, closed while the broker is away, ends the whole worker (kombu issue 582). Whether
        # workers are well shows in the runs and the outbox.
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport(in_memory=in_memory),
        beat_schedule=schedule.entries(runtime.clocks.speed),
        # Short, so that beat is quick to stop; its own sleep cannot be woken.
        beat_max_loop_interval=1,
    )
    tasks.register(app, runtime)
    return app


def _transport(*, in_memory: bool) -> dict[str, object]:
    if in_memory:
        return {"polling_interval": 0.1}
    # Longer than any job; a task that is delivered again meanwhile finds its work taken.
    return {"visibility_timeout": 1800, "socket_connect_timeout": 3, "socket_keepalive": True}
