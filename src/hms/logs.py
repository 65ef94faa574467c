"""Set logging up: one JSON line an event with the ids of request, run or task; readable lines at a terminal.

Log lines carry ids, never names, addresses or clinical content.
"""

import logging
import re
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_QUIET = ("celery", "kombu", "amqp", "waitress", "alembic", "apprise", "urllib3", "sqlalchemy")
"""Libraries whose routine chatter says nothing to an operator; their warnings do."""

_ROW = re.compile(r"^DETAIL: .*$", re.MULTILINE)
"""Where PostgreSQL quotes the row that it refused."""


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
    # Plain tracebacks: those with local variables would carry patients' data.
    shared: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    if at_terminal:
        return [*shared, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [*shared, structlog.processors.JSONRenderer()]


def _without_rows(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if "exception" in event:
        event["exception"] = _ROW.sub("DETAIL: (not shown)", event["exception"])
    return event
