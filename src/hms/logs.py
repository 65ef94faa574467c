"""Set logging up: one JSON line an event with the ids of request, run or task; readable lines at a terminal.

Log lines carry ids, never names, addresses or clinical content.
"""

import logging
import sys

import structlog
from structlog.typing import Processor

_QUIET = ("celery", "kombu", "amqp", "waitress", "alembic", "apprise", "urllib3", "sqlalchemy")
"""Libraries whose routine chatter says nothing to an operator; their warnings do."""


def configure(level: str) -> None:
    """Send the log of this process and of its libraries to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(sys.stderr.isatty()))
    )
    logging.basicConfig(handlers=[handler], level=number, force=True)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _rendering(at_terminal: bool) -> list[Processor]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if at_terminal:
        plain = structlog.dev.plain_traceback
        return [remove, structlog.dev.ConsoleRenderer(exception_formatter=plain)]
    # Plain tracebacks: those with local variables would carry patients' data.
    return [remove, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
