"""Passwords: argon2id at 19 MiB, two passes, one lane; a wrong name takes as long as a wrong password."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hms.domain.errors import Code, Detail, DomainError

MIN_LENGTH = 10
MAX_LENGTH = 200

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return the hash to store; raise VALIDATION for a password that is too short or too long."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        reason = f"must have {MIN_LENGTH} to {MAX_LENGTH} characters"
        raise DomainError(Code.VALIDATION, f"A password {reason}.", [Detail("password", reason)])
    return _HASHER.hash(password)


def matches(stored: str, password: str) -> bool:
    """Tell whether ``password`` made the ``stored`` hash; a stored text that is no hash matches nothing."""
    try:
        return _HASHER.verify(stored, password[: MAX_LENGTH + 1])
    except InvalidHashError:
        matches(_decoy(), password)
        return False
    except VerificationError:
        return False


def waste_time(password: str) -> None:
    """Take as long as a comparison does, for a name that nobody has."""
    matches(_decoy(), password)


def is_outdated(stored: str) -> bool:
    """Tell whether a hash that matched was made with other costs than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _decoy() -> str:
    return _HASHER.hash("nobody's password")
