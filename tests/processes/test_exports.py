"""What is in an exported history, and how it reaches the one who asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import delete, update

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.consultations import ConsultationStatus
from hms.domain.exports import MAX_TRIES, PART_BYTES, ExportStatus
from hms.domain.job_runs import JobName, RunSource
from hms.domain.people import Role
from hms.models import ExportPart, HistoryExport, Notification, OutgoingMessage, PatientGuardian, User
from hms.processes.exports import write_due
from hms.processes.jobs import run_job
from hms.queries import exports as queries
from hms.runtime import Runtime
from tests.support.callers import counted_statements
from tests.support.exporting import Archive
from tests.support.factories import actor_of, add, make_doctor, make_patient
from tests.support.mailed import Mailbox
from tests.support.plans import plan_of, sent
from tests.support.visits import reload, rows

EVIL = '=HYPERLINK("http://evil.example")'


def at(archive: Archive, wall: str) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(archive.hospital.timezone)).astimezone(UTC)


def test_every_visit_that_has_begun_as_the_patient_reads_it(runtime: Runtime) -> None:
    archive = Archive.open(runtime)
    archive.visit(
        at(archive, "2026-01-20T09:00"),
        diagnosis=[{"text": EVIL, "code": "J20.9"}, {"text": "Angina"}],
        treatment_notes='Rest, and\n"no" stairs',
    )
    archive.visit(
        at(archive, "2026-01-21T10:30"),
        status=ConsultationStatus.IN_PROGRESS,
        treatment_notes="Not yet for the patient",
    )
    archive.visit(at(archive, "2026-01-21T23:30"))
    archive.visit(at(archive, "2026-01-22T16:00"))  # still ahead
    archive.visit(at(archive, "2026-01-20T11:00"), make_patient(runtime, archive.hospital))  # somebody else's
    export_id = archive.ask()
    assert archive.write().done == 1
    lines = archive.lines(export_id)
    assert [line[0] + " " + line[6] for line in lines] == ["2026-01-21 23:30", "2026-01-21 10:30", "2026-01-20 09:00"]
    assert [line[4] for line in lines] == ["SCHEDULED", "IN_PROGRESS", "COMPLETED"]
    assert [line[2:4] for line in lines[:2]] == [["", ""], ["", ""]]
    assert lines[2][2].startswith(f"'{EVIL}")
    assert "Angina" in lines[2][2]
    assert lines[2][3] == 'Rest, and\n"no" stairs'
    assert {line[5] for line in lines} == {"Cardiology"}
    assert all(line[1].startswith("Dr. ") for line in lines)


def test_a_history_without_visits_is_a_heading(runtime: Runtime) -> None:
    archive = Archive.open(runtime)
    export_id = archive.ask()
    assert archive.write().done == 1
    assert archive.lines(export_id) == []
    assert archive.task(export_id).progress == 100


@pytest.mark.parametrize("visits", [1, 2, 3, 4, 5])
def test_it_is_the_same_however_it_is_cut(runtime: Runtime, visits: int) -> None:
    archive = Archive.open(runtime, visits)
    export_id = archive.ask()
    archive.write()
    lines = archive.lines(export_id)
    assert [line[0] for line in lines] == sorted((line[0] for line in lines), reverse=True)
    assert len(lines) == visits
    assert reload(runtime, HistoryExport, export_id).parts == (visits + 1) // 2


def test_what_happens_after_the_question_is_not_in_it(runtime: Runtime, clock: FixedClock) -> None:
    archive = Archive.open(runtime, 1)
    archive.visit(clock.now() + timedelta(hours=1))
    export_id = archive.ask()
    clock.advance(timedelta(hours=2))
    archive.write()
    assert len(archive.lines(export_id)) == 1


def test_long_notes_are_kept_in_bounded_rows(runtime: Runtime, clock: FixedClock) -> None:
    archive = Archive.open(runtime)
    notes = "ü" * PART_BYTES
    archive.visit(clock.now() - timedelta(days=1), treatment_notes=notes)
    export_id = archive.ask()
    archive.write()
    assert notes in archive.text(export_id)
    assert all(len(part.content) <= PART_BYTES for part in rows(runtime, ExportPart))


def test_progress_is_told_while_it_is_written(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 5)
    export_id = archive.ask()
    seen: list[tuple[ExportStatus, int]] = []

    def stop() -> bool:
        task = archive.task(export_id)
        seen.append((task.status, task.progress))
        return False

    write_due(runtime, stop, lines_at_once=2)
    assert (ExportStatus.PENDING, 0) in seen
    assert (ExportStatus.RUNNING, 40) in seen
    assert (ExportStatus.RUNNING, 80) in seen
    assert seen[-1] == (ExportStatus.DONE, 100)


def test_a_stopped_worker_leaves_it_where_it_stands(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 5)
    export_id = archive.ask()
    asked = iter([False, False, False, True])
    report = write_due(runtime, lambda: next(asked, True), lines_at_once=2)
    assert report.done == 0
    assert archive.task(export_id).progress == 40
    assert archive.write().done == 1
    assert len(archive.lines(export_id)) == 5


def test_the_mail_carries_the_file(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 3)
    export_id = archive.ask()
    archive.write()
    assert not [row for row in rows(runtime, OutgoingMessage) if "Cardiology" in str(vars(row))]
    (mail,) = Mailbox(runtime).fetch()
    login = reload(runtime, User, archive.patient.user_id) if archive.patient.user_id else None
    assert login is not None
    assert (mail.to, mail.subject) == (login.email, "Your History Is Ready")
    (file,) = mail.attachments
    assert (file.filename, file.content_type) == ("history-2026-01-22.csv", "text/csv; charset=utf-8")
    assert file.content.decode() == archive.text(export_id)
    assert f"/my/exports/{export_id}" in mail.text
    (told,) = rows(runtime, Notification)
    assert "3 visits" in told.message
    assert "7 days" in told.message


def test_the_mail_leads_to_the_file_where_mails_carry_nothing_clinical(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 1, mail_clinical_content=False)
    export_id = archive.ask()
    archive.write()
    (mail,) = Mailbox(runtime).fetch()
    assert mail.attachments == ()
    assert f"/my/exports/{export_id}" in mail.text


def test_a_mail_that_comes_late_carries_nothing_that_is_not_kept(runtime: Runtime, clock: FixedClock) -> None:
    archive = Archive.open(runtime, 1)
    archive.ask()
    archive.write()
    clock.advance(timedelta(days=7))
    (mail,) = Mailbox(runtime).fetch()
    assert mail.attachments == ()


def guardian_of(runtime: Runtime, archive: Archive) -> tuple[Actor, Archive]:
    """Let the archive's patient look after a child with two visits."""
    child = make_patient(runtime, archive.hospital, first_name="Ravi", last_name="Menon")
    add(
        runtime,
        PatientGuardian(
            hospital_id=archive.hospital.id,
            user_id=archive.patient.user_id,
            patient_id=child.id,
            created_at=runtime.clocks.hospital.now(),
        ),
    )
    for days in (1, 2):
        archive.visit(runtime.clocks.hospital.now() - timedelta(days=days, hours=3), child)
    own = archive.actor
    actor = Actor(own.hospital_id, Role.PATIENT, own.user_id, own.patient_id, dependants=frozenset({child.id}))
    return actor, Archive(runtime, archive.hospital, archive.doctor, child)


def test_a_guardian_is_told_of_whose_history_it_is(runtime: Runtime) -> None:
    actor, child = guardian_of(runtime, Archive.open(runtime, 1))
    export_id = child.ask(actor, child.patient.id)
    assert child.write().done == 1
    (told,) = rows(runtime, Notification)
    assert "Ravi Menon's visits" in told.message
    assert child.task(export_id, actor).lines == 2
    assert child.text(export_id, actor).count("\r\n") == 3


def with_a_guardian(runtime: Runtime) -> tuple[Archive, Actor, User]:
    """Give the archive of a patient with a login, and somebody else who looks after them."""
    archive = Archive.open(runtime, 2)
    mother = make_patient(runtime, archive.hospital, login=True)
    common = {"hospital_id": archive.hospital.id, "created_at": runtime.clocks.hospital.now()}
    add(runtime, PatientGuardian(**common, user_id=mother.user_id, patient_id=archive.patient.id))
    own = actor_of(mother)
    actor = Actor(
        own.hospital_id, Role.PATIENT, own.user_id, own.patient_id, dependants=frozenset({archive.patient.id})
    )
    assert mother.user_id is not None
    return archive, actor, reload(runtime, User, mother.user_id)


def test_each_who_asked_while_it_was_written_is_told(runtime: Runtime) -> None:
    archive, guardian, mother = with_a_guardian(runtime)
    export_id = archive.ask()
    assert archive.ask(guardian, archive.patient.id) == export_id
    assert archive.ask(guardian, archive.patient.id) == export_id
    assert archive.write().done == 1
    told = {row.user_id: row.message for row in rows(runtime, Notification)}
    assert told.keys() == {archive.patient.user_id, mother.id}
    assert "'s visits that you asked for" in told[mother.id]
    mails = {mail.to: mail for mail in Mailbox(runtime).fetch()}
    assert len(mails) == 2
    for mail in mails.values():
        assert mail.attachments[0].content.decode() == archive.text(export_id)


def test_who_asks_while_it_ends_gets_another_one(runtime: Runtime) -> None:
    archive, guardian, _ = with_a_guardian(runtime)
    first = archive.ask()
    with ThreadPoolExecutor(1) as pool:
        with runtime.database.writing() as session:
            session.execute(update(HistoryExport).where(HistoryExport.id == first).values(status=ExportStatus.DONE))
            second = pool.submit(archive.ask, guardian, archive.patient.id)
            with pytest.raises(TimeoutError):
                second.result(0.3)  # it waits for whoever ends the first one
        assert second.result(30) != first


def test_who_asked_second_and_may_not_have_it_any_more_gets_nothing(runtime: Runtime) -> None:
    archive, guardian, mother = with_a_guardian(runtime)
    archive.ask()
    archive.ask(guardian, archive.patient.id)
    archive.write()
    with runtime.database.writing() as session:
        session.execute(delete(PatientGuardian))
    mails = {mail.to: len(mail.attachments) for mail in Mailbox(runtime).fetch()}
    assert mails.pop(mother.email) == 0
    assert list(mails.values()) == [1]


def test_each_who_asked_is_told_that_it_failed(runtime: Runtime, machine_clock: FixedClock) -> None:
    archive, guardian, mother = with_a_guardian(runtime)
    archive.visit(runtime.clocks.hospital.now() - timedelta(days=30), diagnosis=["no object at all"])
    archive.ask(guardian, archive.patient.id)
    archive.ask()
    for _ in range(MAX_TRIES):
        archive.write()
        machine_clock.advance(timedelta(minutes=5))
    told = rows(runtime, Notification, Notification.type == "HISTORY_EXPORT_FAILED")
    assert {row.user_id for row in told} == {archive.patient.user_id, mother.id}


def test_who_looks_after_nobody_any_more_gets_nothing(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 1)
    actor, child = guardian_of(runtime, archive)
    child.ask(actor, child.patient.id)
    child.write()
    with runtime.database.writing() as session:
        session.execute(delete(PatientGuardian))
    (mail,) = Mailbox(runtime).fetch()
    assert mail.attachments == ()
    child.ask(actor, child.patient.id)
    child.write()
    assert len(rows(runtime, Notification)) == 1


def test_who_cannot_sign_in_any_more_gets_no_file(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 1)
    archive.ask()
    archive.write()
    with runtime.database.writing() as session:
        session.execute(update(User).where(User.id == archive.patient.user_id).values(is_active=False))
    assert [mail.attachments for mail in Mailbox(runtime).fetch()] in ([()], [])


def test_one_that_cannot_be_read_neither_keeps_others_nor_is_tried_for_ever(
    runtime: Runtime, machine_clock: FixedClock
) -> None:
    archive = Archive.open(runtime)
    archive.visit(runtime.clocks.hospital.now() - timedelta(days=1), diagnosis=["no object at all"])
    broken = archive.ask()
    other = make_patient(runtime, archive.hospital, login=True)
    archive.visit(runtime.clocks.hospital.now() - timedelta(days=2), other)
    well = archive.ask(actor_of(other))
    report = archive.write()
    assert (report.done, report.failed) == (1, 1)
    assert archive.task(well, actor_of(other)).status is ExportStatus.DONE
    for _ in range(MAX_TRIES - 1):
        assert archive.task(broken).is_under_way
        machine_clock.advance(timedelta(minutes=5))
        archive.write()
    assert archive.task(broken).status is ExportStatus.FAILED
    assert rows(runtime, ExportPart, ExportPart.export_id == broken) == []


def test_two_statements_read_and_few_write_a_part(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 4)
    archive.ask()
    with counted_statements(runtime) as few:
        write_due(runtime, lines_at_once=4)
    archive.ask()
    make_doctor(runtime, archive.hospital)
    with counted_statements(runtime) as more:
        write_due(runtime, lines_at_once=2)
    assert len(more) - len(few) == 5  # two to read; the task, the part, the task again


def test_looking_for_tasks_costs_what_is_due(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 1)
    archive.ask()
    with sent(runtime, "history_exports") as statements:
        assert len(runtime.read(queries.due, runtime.clocks.machine.now(), 20)) == 1
    plan = plan_of(runtime, *statements[0])
    assert "ix_history_exports_due" in plan
    assert "SCAN history_exports" not in plan.replace("SCAN history_exports USING INDEX", "")


def test_the_nightly_cleaning_deletes_files(runtime: Runtime, clock: FixedClock) -> None:
    archive = Archive.open(runtime, 1, export_keep_days=2)
    export_id = archive.ask()
    archive.write()
    for days, kept in ((1, 1), (1, 0)):
        clock.advance(timedelta(days=days))
        assert run_job(runtime, archive.hospital.id, JobName.HOUSEKEEPING, RunSource.CRON).is_well
        assert len(rows(runtime, ExportPart)) == kept
    assert archive.task(export_id).status is ExportStatus.EXPIRED
