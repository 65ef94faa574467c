"""One bad row never stops the others, and the run reports it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hms.clock import FixedClock
from hms.domain.job_runs import JobName, RunSource
from hms.domain.messages import Channel
from hms.gateways import templates
from hms.models import Hospital, NoShowLog, OutgoingMessage, Patient
from hms.processes.delivery import deliver_due
from hms.processes.jobs import OutcomeStatus, RunOutcome, run_job
from hms.queries import job_runs
from hms.runtime import Runtime
from tests.support.factories import make_doctor, make_hospital, make_patient
from tests.support.fixtures import NOW
from tests.support.visits import local, make_visit, rows

UNREACHED = "no phone and no email, so told within the application only"


@pytest.fixture
def hospital(runtime: Runtime) -> Hospital:
    return make_hospital(runtime)


@pytest.fixture
def without_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Delete the templates of all mails."""
    forget = templates._environment.cache_clear  # noqa: SLF001 -- what was loaded before must not hide it
    monkeypatch.setattr(templates, "FOLDER", tmp_path)
    forget()
    yield
    forget()


def miss(runtime: Runtime, hospital: Hospital, *patients: Patient) -> None:
    doctor = make_doctor(runtime, hospital, slot_duration=15, pause=None)
    for number, patient in enumerate(patients):
        at = local(hospital, NOW, "09:00") + timedelta(minutes=15 * number)
        make_visit(runtime, hospital, doctor, patient, at)


def sweep(runtime: Runtime, hospital: Hospital) -> RunOutcome:
    return run_job(runtime, hospital.id, JobName.NO_SHOW_CHECK, RunSource.CRON)


def test_who_cannot_be_reached_is_marked_like_the_others_and_named_in_the_run(
    runtime: Runtime, hospital: Hospital, clock: FixedClock
) -> None:
    nobody = make_patient(runtime, hospital, phone=None, email=None)
    by_phone, by_mail = make_patient(runtime, hospital, email=None), make_patient(runtime, hospital, phone=None)
    miss(runtime, hospital, by_phone, nobody, by_mail)
    clock.advance(timedelta(hours=2))
    outcome = sweep(runtime, hospital)
    assert (outcome.status, outcome.items) == (OutcomeStatus.COMPLETED, 3)
    channels = {
        patient.id: sorted(
            row.channel for row in rows(runtime, OutgoingMessage) if row.key.rsplit(":", 2)[1] == str(patient.id)
        )
        for patient in (nobody, by_phone, by_mail)
    }
    assert channels == {nobody.id: ["in_app"], by_phone.id: ["in_app", "sms"], by_mail.id: ["email", "in_app"]}
    [run] = runtime.read(job_runs.recent_runs, hospital.id, JobName.NO_SHOW_CHECK)
    assert (run.error_message, run.warnings) == (None, [f"patient {nobody.id}: {UNREACHED}"])


def test_a_long_list_of_them_stays_short(runtime: Runtime, hospital: Hospital, clock: FixedClock) -> None:
    everybody = [make_patient(runtime, hospital, phone=None, email=None) for _ in range(25)]
    miss(runtime, hospital, *everybody)
    clock.advance(timedelta(hours=10))
    runtime.settings = runtime.settings.model_copy(update={"job_batch_size": 10})
    assert sweep(runtime, hospital).items == 25
    [run] = runtime.read(job_runs.recent_runs, hospital.id, JobName.NO_SHOW_CHECK)
    assert len(run.warnings) == 21
    assert run.warnings[-1] == "and 5 more patients without phone and email"


@pytest.mark.usefixtures("without_letters")
def test_a_deleted_template_keeps_nobody_from_being_marked_or_texted(
    runtime: Runtime, hospital: Hospital, clock: FixedClock
) -> None:
    miss(runtime, hospital, *(make_patient(runtime, hospital) for _ in range(3)))
    clock.advance(timedelta(hours=2))
    outcome = sweep(runtime, hospital)
    assert (outcome.status, outcome.items, len(rows(runtime, NoShowLog))) == (OutcomeStatus.COMPLETED, 3, 3)
    assert deliver_due(runtime, (Channel.SMS,)).delivered == 3
    mails = deliver_due(runtime, (Channel.EMAIL,))
    assert (mails.delivered, mails.retried) == (0, 3)
    errors = {row.last_error for row in rows(runtime, OutgoingMessage, OutgoingMessage.channel == Channel.EMAIL)}
    assert errors == {"This message cannot be written or sent (TemplateNotFound)."}
