"""What an operator is told when a command cannot do its work."""

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from hms.domain.errors import DomainError
from hms.settings import ConfigurationError


def explain(error: BaseException) -> str | None:
    """Return one line for a failure that the operator can mend; None for a fault of ours."""
    match error:
        case DomainError():
            return "; ".join([error.message, *(f"{detail.field}: {detail.message}" for detail in error.details)])
        case ConfigurationError():
            return str(error)
        case ValidationError():
            return "; ".join(_setting(problem["loc"], problem["msg"]) for problem in error.errors())
        case ArgumentError():
            return "HMS_DATABASE_URL is not the address of a database."
        case OperationalError() | DBAPIError() if error.connection_invalidated or isinstance(error, OperationalError):
            return f"The database does not answer: {_first_line(error.orig)}"
        case OSError():
            return f"{error.strerror}: {error.filename}" if error.filename else str(error)
    return None


def _setting(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]).upper() if location else "SETTINGS"
    name = name if name.startswith(("HMS_", "MAIL_", "SMS_", "CRON_")) else f"HMS_{name}"
    return f"{name}: {message.removeprefix('Value error, ')}"


def _first_line(error: BaseException | None) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]
