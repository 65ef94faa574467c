"""What an operator is told when a command cannot do its work."""

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from hms.domain.errors import DomainError
from hms.settings import ConfigurationError


def explain(error: BaseException) -> str:
    """Return one line that tells an operator what happened and, where we know it, what to do."""
    match error:
        case DomainError():
            return _refusal(error)
        case ConfigurationError():
            return str(error)
        case ValidationError():
            return "; ".join(_setting(problem["loc"], problem["msg"]) for problem in error.errors())
        case ArgumentError() | NoSuchModuleError():
            return "HMS_DATABASE_URL is not the address of a database."
        case OperationalError():
            return f"The database does not answer: {_first_line(error.orig)}"
        case OSError() if error.filename:
            return f"{error.strerror}: {error.filename}"
    return (
        f"Something went wrong that should not have ({type(error).__name__}: {_first_line(error)}). "
        "Set HMS_LOG_LEVEL=DEBUG to see where."
    )


def _refusal(error: DomainError) -> str:
    details = [f"{detail.field} {detail.message}" for detail in error.details if detail.message not in error.message]
    return f"{error.message.rstrip('.')}: {'; '.join(details)}" if details else error.message


def _setting(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]).upper() if location else "SETTINGS"
    name = name if name.startswith(("HMS_", "MAIL_", "SMS_", "CRON_")) else f"HMS_{name}"
    return f"{name}: {message.removeprefix('Value error, ')}"


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
