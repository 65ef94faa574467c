"""Who takes part: roles, patients' standing, record numbers, contacts."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a login may be. The first four are staff."""

    HOSPITAL_ADMIN = "HOSPITAL_ADMIN"
    RECEPTIONIST = "RECEPTIONIST"
    NURSE = "NURSE"
    DOCTOR = "DOCTOR"
    PATIENT = "PATIENT"


STAFF = frozenset({Role.HOSPITAL_ADMIN, Role.RECEPTIONIST, Role.NURSE, Role.DOCTOR})


class PatientStatus(StrEnum):
    """A patient's standing."""

    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    INACTIVE = "INACTIVE"


class Sex(StrEnum):
    """Sex as recorded."""

    FEMALE = "FEMALE"
    MALE = "MALE"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class LinkPurpose(StrEnum):
    """What a mailed link to a login is for."""

    VERIFY = "VERIFY"
    RESET = "RESET"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who can be told: a patient (``patient_id``) or a login (``user_id``), with addresses."""

    name: str
    patient_id: UUID | None = None
    user_id: UUID | None = None
    email: str | None = None
    phone: str | None = None
    language: str = "en"

    @property
    def is_reachable(self) -> bool:
        """Tell whether anything but the application itself can reach this person."""
        return bool(self.email or self.phone)


MRN_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MRN_RANDOM_LENGTH = 12


def medical_record_number(hospital_code: str, choice: Callable[[str], str]) -> str:
    """Make a record number such as HMS001-MKEVX0F35AIU; ``choice`` picks one character at random."""
    return f"{hospital_code}-{''.join(choice(MRN_ALPHABET) for _ in range(MRN_RANDOM_LENGTH))}"


def fold(text: str) -> str:
    """Fold case and accents, so that «Muller» finds «Müller»."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().strip()


def patient_search_text(first_name: str, last_name: str, mrn: str, phone: str | None) -> str:
    """Build the folded text in which a patient is searched by name (either order), MRN and phone digits."""
    first, last = fold(first_name), fold(last_name)
    digits = "".join(c for c in phone or "" if c.isdigit())
    return f"{first} {last} {first} {fold(mrn)} {digits}".strip()


PHONE_TAIL = 9
"""Digits at a phone number's end that tell it from others, however country and area code are written."""


def phone_tail(phone: str | None) -> str | None:
    """Return the digits by which two phone numbers are compared; None for one too short to tell people apart."""
    digits = "".join(c for c in phone or "" if c.isdigit())
    return digits[-PHONE_TAIL:] if len(digits) >= PHONE_TAIL - 2 else None


def dialled(digits: str) -> str:
    """Return by which digits a number is searched that somebody typed: without the zeros of dialling at home or abroad.

    Numbers are kept with their country code. A few digits are searched as they are: they may lie in the middle.
    """
    return digits.lstrip("0") or digits if len(digits) >= PHONE_TAIL - 2 else digits


def same_name(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Tell whether two people (first and last name) are called alike, whichever name comes first."""
    ours, theirs = (tuple(" ".join(fold(name).split()) for name in names) for names in (first, second))
    return ours == theirs or ours == theirs[::-1]
