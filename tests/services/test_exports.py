"""Asking for a history, holding the task, and letting the file go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.errors import Code, DomainError
from hms.domain.exports import LEASE, MAX_TRIES, MOST_A_DAY, ExportStatus
from hms.domain.people import Role
from hms.models import AuditEntry, ExportPart, HistoryExport, Notification, PatientGuardian
from hms.runtime import Runtime
from hms.services import exports
from hms.services.exports import Claim, Claimed, ExportHistory, GiveBack, WritePart
from tests.support.callers import counted_statements
from tests.support.exporting import Archive
from tests.support.factories import actor_of, add, make_hospital, make_patient, make_user
from tests.support.visits import reload, rows


@pytest.fixture
def archive(runtime: Runtime) -> Archive:
    return Archive.open(runtime, visits=1)


def refusal(runtime: Runtime, actor: Actor, patient_id: UUID | None = None) -> Code:
    with pytest.raises(DomainError) as error:
        runtime.transact(actor, exports.ask, ExportHistory(patient_id))
    return error.value.code


def system(archive: Archive) -> Actor:
    return Actor.system(archive.hospital.id)


def claimed(archive: Archive, export_id: UUID) -> Claimed | None:
    return archive.runtime.transact(system(archive), exports.claim, Claim(export_id))


def held(archive: Archive, export_id: UUID) -> Claimed:
    found = claimed(archive, export_id)
    assert found is not None
    return found


def part(claim: Claimed, **more: Any) -> WritePart:
    values: dict[str, Any] = {"text": "a", "lines": 1, "after": None, "is_last": False}
    return WritePart(claim.export_id, claim.lease, **(values | more))


def test_asking_again_gives_the_task_under_way_and_later_a_new_one(archive: Archive) -> None:
    first = archive.ask()
    assert archive.ask() == first
    assert archive.write().done == 1
    second = archive.ask()
    assert second != first
    assert [entry.action for entry in rows(archive.runtime, AuditEntry, AuditEntry.entity == "history_export")] == [
        "history_export.asked",
        "history_export.written",
        "history_export.asked",
    ]


def test_only_the_patient_and_their_guardian_may_ask(archive: Archive, runtime: Runtime) -> None:
    child = make_patient(runtime, archive.hospital)
    stranger = make_patient(runtime, archive.hospital, login=True)
    for role in Role:
        if role is not Role.PATIENT:
            staff = actor_of(make_user(runtime, archive.hospital, role))
            assert refusal(runtime, staff, archive.patient.id) is Code.FORBIDDEN
    assert refusal(runtime, actor_of(stranger), archive.patient.id) is Code.NOT_FOUND
    assert refusal(runtime, archive.actor, child.id) is Code.NOT_FOUND
    add(
        runtime,
        PatientGuardian(
            hospital_id=archive.hospital.id,
            user_id=archive.patient.user_id,
            patient_id=child.id,
            created_at=runtime.clocks.hospital.now(),
        ),
    )
    guardian = Actor(
        archive.hospital.id, Role.PATIENT, archive.actor.user_id, archive.patient.id, dependants=frozenset({child.id})
    )
    export_id = archive.ask(guardian, child.id)
    assert reload(runtime, HistoryExport, export_id).patient_id == child.id
    assert archive.ask(guardian) != export_id  # one's own beside it


def test_another_hospitals_workers_find_nothing(archive: Archive, runtime: Runtime) -> None:
    export_id = archive.ask()
    elsewhere = Actor.system(make_hospital(runtime, "HMS002").id)
    with pytest.raises(DomainError) as error:
        runtime.transact(elsewhere, exports.claim, Claim(export_id))
    assert error.value.code is Code.NOT_FOUND


def test_so_many_a_day_and_no_more(archive: Archive, clock: FixedClock) -> None:
    for _ in range(MOST_A_DAY):
        archive.ask()
        archive.write()
    assert refusal(archive.runtime, archive.actor) is Code.RATE_LIMITED
    clock.advance(timedelta(days=1))
    assert archive.task(archive.ask()).status is ExportStatus.PENDING


def test_a_claim_holds_until_its_lease_ends(archive: Archive, machine_clock: FixedClock) -> None:
    export_id = archive.ask()
    first = held(archive, export_id)
    assert claimed(archive, export_id) is None
    machine_clock.advance(LEASE)
    second = held(archive, export_id)
    with pytest.raises(DomainError) as error:
        archive.runtime.transact(system(archive), exports.write_part, part(first))
    assert error.value.code is Code.RUN_LOST
    archive.runtime.transact(system(archive), exports.give_back, GiveBack(export_id, first.lease, failed=True))
    assert reload(archive.runtime, HistoryExport, export_id).lease == second.lease


def test_a_part_renews_the_lease(archive: Archive, machine_clock: FixedClock) -> None:
    export_id = archive.ask()
    claim = held(archive, export_id)
    machine_clock.advance(LEASE - timedelta(seconds=1))
    archive.runtime.transact(system(archive), exports.write_part, part(claim))
    machine_clock.advance(LEASE - timedelta(seconds=1))
    assert claimed(archive, export_id) is None


def test_what_kills_every_worker_is_given_up(archive: Archive, machine_clock: FixedClock) -> None:
    export_id = archive.ask()
    for _ in range(MAX_TRIES):
        held(archive, export_id)
        machine_clock.advance(LEASE)
    assert claimed(archive, export_id) is None
    task = archive.task(export_id)
    assert (task.status, task.is_under_way) == (ExportStatus.FAILED, False)
    assert task.error is not None
    told = rows(archive.runtime, Notification)
    assert [(row.type, row.user_id) for row in told] == [("HISTORY_EXPORT_FAILED", archive.patient.user_id)]
    assert archive.ask() != export_id


def test_given_back_untouched_it_is_due_at_once(archive: Archive) -> None:
    export_id = archive.ask()
    for _ in range(2 * MAX_TRIES):  # a stopping worker spends no try
        claim = held(archive, export_id)
        archive.runtime.transact(system(archive), exports.give_back, GiveBack(export_id, claim.lease))
    assert archive.write().done == 1


def test_files_and_tasks_are_forgotten_in_time(archive: Archive, clock: FixedClock) -> None:
    runtime = archive.runtime
    export_id = archive.ask()
    archive.write()
    expires = archive.task(export_id).expires_at
    assert expires == clock.now() + timedelta(days=7)
    assert runtime.transact(system(archive), exports.forget) == 0
    clock.advance(timedelta(days=7))
    assert archive.task(export_id).status is ExportStatus.EXPIRED  # before anybody has cleaned
    with pytest.raises(DomainError) as error:
        archive.text(export_id)
    assert error.value.code is Code.TOO_LATE
    assert runtime.transact(system(archive), exports.forget) == 1
    assert rows(runtime, ExportPart) == []
    assert reload(runtime, HistoryExport, export_id).status is ExportStatus.EXPIRED
    clock.advance(timedelta(days=83))
    assert runtime.transact(system(archive), exports.forget) == 1
    assert rows(runtime, HistoryExport) == []


def test_another_hospitals_files_stay(archive: Archive, clock: FixedClock) -> None:
    export_id = archive.ask()
    archive.write()
    clock.advance(timedelta(days=400))
    elsewhere = Actor.system(make_hospital(archive.runtime, "HMS002").id)
    assert archive.runtime.transact(elsewhere, exports.forget) == 0
    assert reload(archive.runtime, HistoryExport, export_id).status is ExportStatus.DONE


def test_asking_looks_up_little(archive: Archive) -> None:
    with counted_statements(archive.runtime) as statements:
        archive.ask()
    assert len(statements) == 5  # the patient, a task under way, those of the day, the task, its audit row
    with archive.runtime.reading() as session:
        assert session.scalar(select(HistoryExport.due_at)) == archive.runtime.clocks.machine.now()
