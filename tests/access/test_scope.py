from uuid import UUID

import pytest

from hms.access.actors import Actor
from hms.access.permissions import ALLOWED, Permission, may, require
from hms.access.scope import find, lookup
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import Patient
from hms.runtime import Runtime
from tests.support.factories import admin_of, make_hospital, make_patient


def test_another_hospitals_row_does_not_exist(runtime: Runtime) -> None:
    ours, theirs = make_hospital(runtime), make_hospital(runtime, "HMS002")
    patient = make_patient(runtime, theirs)
    admin = admin_of(runtime, ours)
    with runtime.reading() as session:
        assert lookup(session, admin, Patient, patient.id) is None
        with pytest.raises(DomainError) as caught:
            find(session, admin, Patient, patient.id)
    assert caught.value.code is Code.NOT_FOUND
    assert caught.value.message == "There is no such patient."


def test_every_permission_names_its_roles() -> None:
    assert set(ALLOWED) == set(Permission)
    assert all(ALLOWED.values())


@pytest.mark.parametrize("role", Role)
def test_roles_have_what_the_table_gives_them_and_nothing_else(role: Role) -> None:
    actor = Actor(hospital_id=UUID(int=1), role=role)
    for permission, roles in ALLOWED.items():
        assert may(actor, permission) is (role in roles)
        if role not in roles:
            with pytest.raises(DomainError) as caught:
                require(actor, permission)
            assert caught.value.code is Code.FORBIDDEN


def test_patients_see_no_staff_matter_and_admins_can_do_all_that_reception_and_nurses_can() -> None:
    by_role = {role: {p for p, roles in ALLOWED.items() if role in roles} for role in Role}
    own = {Permission.SEE_OWN_RECORD, Permission.BOOK_OWN, Permission.HAVE_CALENDAR_FEED}
    assert by_role[Role.PATIENT] == {Permission.SEE_DOCTORS, *own}
    assert by_role[Role.RECEPTIONIST] | by_role[Role.NURSE] <= by_role[Role.HOSPITAL_ADMIN]
