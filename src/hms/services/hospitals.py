"""Hospitals: set one up, and edit its name, addresses and policy."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import select

from hms.access.permissions import Permission
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.policy import Policy
from hms.models import Hospital
from hms.queries import hospitals
from hms.services import penalties, stage_alerts
from hms.transaction import Work, require_version

_CODE = re.compile(r"[A-Z0-9]{2,16}")
EDITABLE = frozenset({"name", "locale", "address", "phone", "email"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHospital:
    """A hospital to be. ``timezone`` is an IANA name; ``policy`` holds the figures that differ from the rules' own."""

    code: str
    name: str
    timezone: str
    locale: str = "en"
    address: str = ""
    phone: str = ""
    email: str = ""
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditHospital:
    """What to change: ``changes`` by attribute, ``policy`` by figure; ``version`` is the one that was seen."""

    changes: Mapping[str, Any]
    policy: Mapping[str, Any]
    version: int | None = None


def create(work: Work, command: NewHospital) -> UUID:
    """Set up the actor's own, new hospital (``Actor.system(new_id())``); raise VALIDATION or ALREADY_EXISTS."""
    if not work.actor.is_system:
        raise DomainError(Code.FORBIDDEN, "Hospitals are set up from the command line: hms init")
    code = command.code.strip().upper()
    wrong = []
    if not _CODE.fullmatch(code):
        wrong.append(Detail("code", "must have 2 to 16 letters and digits, such as HMS001"))
    if command.timezone not in available_timezones():
        wrong.append(Detail("timezone", "must be an IANA time zone, such as Asia/Kolkata"))
    if not command.name.strip():
        wrong.append(Detail("name", "is required"))
    if wrong:
        raise DomainError(Code.VALIDATION, "This hospital cannot be set up like that.", wrong)
    command.policy.check()
    if hospitals.exists(work.session, code):
        raise DomainError(Code.ALREADY_EXISTS, f"There is already a hospital {code}.")
    row = Hospital(
        id=work.actor.hospital_id,
        code=code,
        name=command.name.strip(),
        timezone=command.timezone,
        locale=command.locale,
        address=command.address,
        phone=command.phone,
        email=command.email,
        settings=command.policy.differences(),
        created_at=work.now,
    )
    work.session.add(row)
    work.changed("hospital", "created", row, code=code, timezone=row.timezone)
    return row.id


def update(work: Work, command: EditHospital) -> None:
    """Edit the hospital; raise STALE_VERSION, or VALIDATION naming every figure out of range."""
    work.require(Permission.EDIT_HOSPITAL)
    own = select(Hospital).where(Hospital.id == work.actor.hospital_id)
    row = work.session.scalars(own.with_for_update(key_share=True)).one()
    require_version(row, command.version, hospitals.one(work.session, work.actor))
    policy = replace(row.policy, **command.policy)
    policy.check()
    if not str(command.changes.get("name", row.name)).strip():
        raise DomainError(Code.VALIDATION, "A hospital needs a name.", [Detail("name", "is required")])
    for name, value in command.changes.items():
        if name not in EDITABLE:
            raise DomainError(Code.VALIDATION, f"A hospital's {name} cannot be edited.", [Detail(name, "is fixed")])
        setattr(row, name, value)
    if policy.alert_minutes != row.policy.alert_minutes:
        stage_alerts.look_again(work)
    if policy.counting != row.policy.counting:
        penalties.adopt(work, policy)
    row.settings = policy.differences()
    row.version += 1
    work.changed("hospital", "edited", row, **command.changes, policy=dict(command.policy))
