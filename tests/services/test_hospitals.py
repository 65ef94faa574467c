"""Setting a hospital up."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from hms.access.actors import Actor
from hms.access.passwords import hash_password, matches
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.domain.policy import Policy
from hms.models import AuditEntry, Hospital, LoginSession, User, new_id
from hms.runtime import Runtime
from hms.services import hospitals, users
from hms.services.hospitals import NewHospital
from hms.services.users import NewUser, SetPassword
from tests.support.factories import admin_of, make_hospital


def set_up(runtime: Runtime, **values: Any) -> Actor:
    actor = Actor.system(new_id())
    command = NewHospital(**{"code": "hms001", "name": "General", "timezone": "Asia/Kolkata"} | values)
    assert runtime.transact(actor, hospitals.create, command) == actor.hospital_id
    return actor


def test_a_hospital_is_set_up_with_its_first_admin(runtime: Runtime) -> None:
    actor = set_up(runtime, policy=Policy(horizon_days=60))
    login = NewUser(
        email="Admin@hms001.example",
        role=Role.HOSPITAL_ADMIN,
        first_name="A",
        last_name="B",
        password_hash=hash_password("correct horse battery"),
    )
    user_id = runtime.transact(actor, users.create, login)
    with runtime.reading() as session:
        hospital, user = session.get_one(Hospital, actor.hospital_id), session.get_one(User, user_id)
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.seq)).all()
    assert (hospital.code, hospital.settings) == ("HMS001", {"horizon_days": 60})
    assert (user.email, user.hospital_id) == ("admin@hms001.example", hospital.id)
    assert actions == ["hospital.created", "user.created"]


@pytest.mark.parametrize(
    ("values", "field"),
    [({"code": "no good"}, "code"), ({"timezone": "Mars/Olympus"}, "timezone"), ({"name": " "}, "name")],
)
def test_what_makes_no_sense_is_named(runtime: Runtime, values: dict[str, str], field: str) -> None:
    with pytest.raises(DomainError) as caught:
        set_up(runtime, **values)
    assert caught.value.code is Code.VALIDATION
    assert [detail.field for detail in caught.value.details] == [field]


def test_a_code_is_one_hospitals(runtime: Runtime) -> None:
    set_up(runtime)
    with pytest.raises(DomainError) as caught:
        set_up(runtime, code="HMS001")
    assert caught.value.code is Code.ALREADY_EXISTS


def test_nobody_who_is_signed_in_sets_up_hospitals(runtime: Runtime) -> None:
    admin = admin_of(runtime, make_hospital(runtime))
    command = NewHospital(code="HMS002", name="Other", timezone="UTC")
    with pytest.raises(DomainError) as caught:
        runtime.transact(admin, hospitals.create, command)
    assert caught.value.code is Code.FORBIDDEN


def test_setting_a_password_ends_sessions(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    admin = admin_of(runtime, hospital)
    now = runtime.clocks.machine.now()
    user_id = admin.user_id
    assert user_id is not None
    with runtime.database.writing() as session:
        session.add(LoginSession(hospital_id=hospital.id, user_id=user_id, created_at=now, expires_at=now))
    new = hash_password("correct horse battery")
    runtime.transact(Actor.system(hospital.id), users.set_password, SetPassword(user_id=user_id, password_hash=new))
    with runtime.reading() as session:
        assert matches(session.get_one(User, user_id).password_hash, "correct horse battery")
        assert session.scalars(select(LoginSession.revoked_reason)).all() == ["password set by an admin"]
