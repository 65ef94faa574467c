"""Alerts of patients who wait: raised once, told to whom they concern, over when the visit moves on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.absences import AbsenceType
from hms.domain.appointments import Status
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import Appointment, AuditEntry, Notification, StageAlert
from hms.queries import live
from hms.queries import stage_alerts as queries
from hms.queries.stage_alerts import AlertFilter
from hms.runtime import Runtime
from hms.services import (
    absences,
    attendance,
    bookings,
    consultations,
    hospitals,
    no_shows,
    stage_alerts,
)
from hms.services.absences import CreateAbsence
from hms.services.attendance import Attend
from hms.services.bookings import Cancel
from hms.services.consultations import Abandon, Start
from hms.services.hospitals import EditHospital
from hms.services.no_shows import LateArrival
from hms.services.stage_alerts import Handle
from tests.support.callers import cost_alike, counted_statements
from tests.support.factories import actor_of, make_doctor, make_hospital, make_user
from tests.support.visits import reload, rows
from tests.support.waiting import WaitingRoom

ACTIVE, RESOLVED = "ACTIVE", "RESOLVED"
NURSE, ADMIN, DESK = Role.NURSE, Role.HOSPITAL_ADMIN, Role.RECEPTIONIST


@pytest.fixture
def room(runtime: Runtime, clock: FixedClock) -> WaitingRoom:
    return WaitingRoom.open(runtime, clock)


def test_the_worked_morning(room: WaitingRoom) -> None:
    """Check-in 09:05, NO_VITALS 09:20, vitals 09:22, NO_DOCTOR 09:25, start 09:27."""
    visit = room.here("09:00", "09:05", first_name="Roy", last_name="Anindya", mrn="HMS001-MKEVX0F35AIU")
    assert room.check("09:19:59").items == 0
    assert room.check("09:20").items == 1
    assert room.alerts() == [("NO_VITALS", ACTIVE)]
    [alert] = rows(room.runtime, StageAlert)
    assert alert.message == "Patient Roy Anindya (HMS001-MKEVX0F35AIU) checked in at 09:05 but vitals not recorded."
    assert (alert.triggered_at, alert.appointment_id) == (room.clock.now(), visit)
    room.measure(visit, "09:22")
    assert room.alerts() == [("NO_VITALS", RESOLVED)]
    assert room.check("09:24:59").items == 0
    assert room.check("09:25").items == 1
    assert room.alerts() == [("NO_VITALS", RESOLVED), ("NO_DOCTOR", ACTIVE)]
    room.at("09:27")
    room.runtime.transact(room.me, consultations.start, Start(visit))
    assert room.alerts() == [("NO_VITALS", RESOLVED), ("NO_DOCTOR", RESOLVED)]
    ended = {alert.resolved_at for alert in rows(room.runtime, StageAlert, StageAlert.alert_type == "NO_DOCTOR")}
    assert ended == {room.clock.now()}
    assert room.check("11:00").items == 0


@pytest.mark.parametrize(
    ("minutes", "start", "measured", "times"),
    [
        (15, "09:00", None, ("09:19:59", "09:20:00", "NO_VITALS")),
        (15, "09:00", "09:10", ("09:24:59", "09:25:00", "NO_DOCTOR")),
        (30, "10:00", None, ("10:34:59", "10:35:00", "NO_VITALS")),
        (30, "10:00", "10:10", ("10:39:59", "10:40:00", "NO_DOCTOR")),
    ],
)
def test_the_worked_times(
    runtime: Runtime, clock: FixedClock, minutes: int, start: str, measured: str | None, times: tuple[str, str, str]
) -> None:
    quiet, due, kind = times
    room = WaitingRoom.open(runtime, clock, minutes=minutes)
    visit = room.here(start, start)
    if measured:
        room.measure(visit, measured)
    assert (room.check(quiet).items, room.alerts()) == (0, [])
    assert (room.check(due).items, room.alerts()) == (1, [(kind, ACTIVE)])


def test_a_late_check_in_takes_the_place_of_the_end(room: WaitingRoom) -> None:
    visit = room.visit("09:00")
    room.check("09:30")
    room.at("10:00")
    room.runtime.transact(room.actor(DESK), no_shows.late_arrival, LateArrival(visit))
    assert room.check("10:04:59").items == 0
    assert room.check("10:05").items == 1
    assert room.check("11:00").items == 1
    assert room.alerts() == [("NO_VITALS", ACTIVE), ("WAITING_TOO_LONG", ACTIVE)]


def told(room: WaitingRoom, kind: str) -> set[UUID]:
    return {row.user_id for row in rows(room.runtime, Notification, Notification.type == kind)}


def test_each_alert_is_told_to_whom_it_concerns(room: WaitingRoom) -> None:
    colleague = make_doctor(room.runtime, room.hospital)
    make_user(room.runtime, room.hospital, NURSE, is_active=False)
    make_user(room.runtime, make_hospital(room.runtime, "HMS002"), NURSE)
    visit = room.here("09:00", "09:00")
    room.check("09:20")
    room.measure(visit, "09:21")
    room.check("09:25")
    room.check("10:00")
    assert told(room, "NO_VITALS") == {room.staff[NURSE].id}
    assert told(room, "NO_DOCTOR") == {room.doctor.user_id}
    staff = {user.id for user in room.staff.values()}
    assert told(room, "WAITING_TOO_LONG") == staff | {room.doctor.user_id, colleague.user_id}
    [notice] = rows(room.runtime, Notification, Notification.type == "NO_DOCTOR")
    assert (notice.priority, notice.title) == ("HIGH", "Doctor Has Not Seen Patient")


def test_what_was_told_of_an_alert_is_read_when_it_is_over(room: WaitingRoom) -> None:
    moved_on, waits = room.here("09:00", "09:00"), room.here("09:15", "09:00")
    room.check("09:35")

    def unread() -> set[str]:
        found = rows(room.runtime, Notification, Notification.read_at.is_(None))
        return {str(row.notification_metadata["appointmentId"]) for row in found if row.type == "NO_VITALS"}

    assert unread() == {str(moved_on), str(waits)}
    room.measure(moved_on, "09:36")
    assert unread() == {str(waits)}
    [alert] = rows(room.runtime, StageAlert, StageAlert.appointment_id == waits)
    room.runtime.transact(room.me, stage_alerts.resolve, Handle(alert.id))
    assert unread() == set()


def test_without_nurses_the_admins_are_told(runtime: Runtime, clock: FixedClock) -> None:
    room = WaitingRoom.open(runtime, clock, nurses=False)
    room.here("09:00", "09:00")
    room.check("09:20")
    assert told(room, "NO_VITALS") == {room.staff[ADMIN].id}


def acknowledge(room: WaitingRoom, visit: UUID, role: Role = NURSE) -> None:
    room.runtime.transact(room.actor(role), stage_alerts.acknowledge, Handle(room.alert_id(visit)))


def test_acknowledged_then_resolved_and_both_may_be_repeated(room: WaitingRoom) -> None:
    visit = room.here("09:00", "09:00")
    room.check("09:20")
    acknowledge(room, visit)
    room.at("09:21")
    acknowledge(room, visit, ADMIN)
    [alert] = rows(room.runtime, StageAlert)
    assert (alert.status, alert.acknowledged_by) == ("ACKNOWLEDGED", room.staff[NURSE].id)
    assert alert.acknowledged_at < room.clock.now()
    assert room.check("09:30").items == 0
    for _ in range(2):
        room.runtime.transact(room.actor(ADMIN), stage_alerts.resolve, Handle(alert.id))
    [alert] = rows(room.runtime, StageAlert)
    assert (alert.status, alert.resolved_by, alert.is_over) == ("RESOLVED", room.staff[ADMIN].id, False)
    with pytest.raises(DomainError) as refused:
        acknowledge(room, visit)
    assert refused.value.code is Code.INVALID_TRANSITION
    verbs = [row.action for row in rows(room.runtime, AuditEntry, AuditEntry.entity == "stage_alert")]
    assert sorted(verbs) == ["stage_alert.acknowledged", "stage_alert.raised", "stage_alert.resolved"]


def test_what_was_resolved_by_hand_stays_quiet_in_this_wait_and_comes_back_in_the_next(room: WaitingRoom) -> None:
    visit = room.here("09:00", "09:00")
    room.check("09:20")
    room.runtime.transact(room.actor(NURSE), stage_alerts.resolve, Handle(room.alert_id(visit)))
    assert room.check("09:25").items == 0
    room.runtime.transact(room.actor(DESK), attendance.undo_check_in, Attend(visit))
    assert room.alerts() == [("NO_VITALS", RESOLVED)]
    assert reload(room.runtime, Appointment, visit).alert_due_at is None
    # The visit is due as missed meanwhile: the desk is faster.
    room.arrive(visit, "09:26")
    assert room.check("09:31").items == 1
    assert room.alerts() == [("NO_VITALS", RESOLVED), ("NO_VITALS", ACTIVE)]


def leave(room: WaitingRoom, visit: UUID, way: str) -> None:
    desk, transact = room.actor(DESK), room.runtime.transact
    if way == "start":
        transact(room.me, consultations.start, Start(visit))
    elif way == "cancel":
        transact(desk, bookings.cancel, Cancel(appointment_id=visit))
    else:
        transact(desk, attendance.undo_check_in, Attend(visit))


@pytest.mark.parametrize("way", ["start", "cancel", "undo"])
def test_every_way_out_of_the_waiting_room_ends_all_alerts(room: WaitingRoom, way: str) -> None:
    visit, other = room.here("09:00", "09:00"), room.here("09:15", "09:15")
    room.check("10:20")
    alerts = [alert.id for alert in rows(room.runtime, StageAlert, StageAlert.appointment_id == visit)]
    room.runtime.transact(room.actor(NURSE), stage_alerts.acknowledge, Handle(alerts[0]))
    leave(room, visit, way)
    ended = rows(room.runtime, StageAlert, StageAlert.appointment_id == visit)
    assert {(a.status, a.resolved_at, a.resolved_by, a.is_over) for a in ended} == {
        ("RESOLVED", room.clock.now(), None, True)
    }
    assert len(ended) == 2
    assert room.alerts(other) == [("NO_VITALS", ACTIVE), ("WAITING_TOO_LONG", ACTIVE)]
    resolved = [row.details for row in rows(room.runtime, AuditEntry, AuditEntry.action == "stage_alert.resolved")]
    assert {(row["appointment_id"], row["alert_type"]) for row in resolved} == {
        (str(visit), "NO_VITALS"),
        (str(visit), "WAITING_TOO_LONG"),
    }


def test_an_emergency_that_cancels_who_is_here_early_leaves_nothing_to_look_at(room: WaitingRoom) -> None:
    visit = room.here("11:00", "10:00")
    today = room.clock.now().date()
    command = CreateAbsence(doctor_id=room.doctor.id, absence_type=AbsenceType.EMERGENCY, first=today, last=today)
    room.runtime.transact(room.actor(ADMIN), absences.create, command)
    stored = reload(room.runtime, Appointment, visit)
    assert (stored.status, stored.alert_due_at) == (Status.CANCELLED, None)
    assert room.check("13:00").items == 0


def test_who_is_sent_back_by_an_abandoned_consultation_waits_again(room: WaitingRoom) -> None:
    visit = room.here("09:00", "09:00")
    room.measure(visit, "09:05")
    room.check("09:25")
    consultation = room.runtime.transact(room.me, consultations.start, Start(visit))
    room.at("09:40")
    room.runtime.transact(room.me, consultations.abandon, Abandon(consultation, "Called to an emergency"))
    assert room.check("09:45").items == 1
    assert room.alerts() == [("NO_DOCTOR", RESOLVED), ("NO_DOCTOR", ACTIVE)]


def test_new_thresholds_hold_for_who_waits_already(room: WaitingRoom) -> None:
    visit = room.here("09:00", "09:00")
    admin = room.actor(ADMIN)
    room.runtime.transact(admin, hospitals.update, EditHospital(changes={}, policy={"vitals_alert_minutes": 30}))
    assert room.check("09:20").items == 0
    assert reload(room.runtime, Appointment, visit).alert_due_at == room.clock.now() + timedelta(minutes=25)
    room.runtime.transact(admin, hospitals.update, EditHospital(changes={}, policy={"waiting_alert_minutes": 20}))
    assert room.check("09:25").items == 1
    assert room.alerts() == [("WAITING_TOO_LONG", ACTIVE)]
    assert reload(room.runtime, Appointment, visit).version == 2


def test_who_follows_which_alerts(room: WaitingRoom) -> None:
    colleague = actor_of(make_doctor(room.runtime, room.hospital))
    measured, waits = room.here("09:00", "09:00"), room.here("09:15", "09:15")
    room.measure(measured, "09:16")
    room.check("09:35")
    room.check("10:15")

    def seen(actor: Actor, *, mine: bool) -> set[tuple[UUID, str]]:
        found = room.runtime.read(queries.waiting, actor, AlertFilter(mine=mine))
        return {(row.appointment_id, row.alert_type.value) for row in found}

    everything = {
        (measured, "NO_DOCTOR"),
        (measured, "WAITING_TOO_LONG"),
        (waits, "NO_VITALS"),
        (waits, "WAITING_TOO_LONG"),
    }
    long = {alert for alert in everything if alert[1] == "WAITING_TOO_LONG"}
    for role, mine in ((ADMIN, everything), (DESK, long), (NURSE, long | {(waits, "NO_VITALS")})):
        assert seen(room.actor(role), mine=False) == everything
        assert seen(room.actor(role), mine=True) == mine
        assert room.runtime.read(queries.pulse, room.actor(role)).active == len(mine)
    assert seen(room.me, mine=False) == seen(room.me, mine=True) == everything
    assert seen(colleague, mine=False) == long
    assert seen(actor_of(make_user(room.runtime, make_hospital(room.runtime, "HMS002"), NURSE)), mine=False) == set()


def test_who_may_handle_them(room: WaitingRoom) -> None:
    colleague = actor_of(make_doctor(room.runtime, room.hospital))
    stranger = actor_of(make_user(room.runtime, make_hospital(room.runtime, "HMS002"), NURSE))
    room.here("09:00", "09:00")
    room.check("09:20")
    alert = Handle(rows(room.runtime, StageAlert)[0].id)
    for actor, code in ((room.actor(DESK), "FORBIDDEN"), (colleague, "FORBIDDEN"), (stranger, "NOT_FOUND")):
        for verb in (stage_alerts.acknowledge, stage_alerts.resolve):
            with pytest.raises(DomainError) as refused:
                room.runtime.transact(actor, verb, alert)
            assert refused.value.code == code
    room.runtime.transact(room.me, stage_alerts.acknowledge, alert)
    assert room.alerts() == [("NO_VITALS", "ACKNOWLEDGED")]


def test_the_pulse_counts_what_nobody_has_taken_up_and_names_the_newest(room: WaitingRoom) -> None:
    nurse = room.actor(NURSE)
    assert room.runtime.read(queries.pulse, nurse) == queries.NO_ALERTS
    before = room.runtime.read(live.version, room.hospital.id, room.clock.now())
    visit = room.here("09:00", "09:00")
    room.check("09:20")
    assert room.runtime.read(queries.pulse, nurse) == queries.AlertPulse(1, room.alert_id(visit))
    assert room.runtime.read(live.version, room.hospital.id, room.clock.now()) != before
    acknowledge(room, visit)
    assert room.runtime.read(queries.pulse, nurse) == queries.AlertPulse(0, room.alert_id(visit))
    room.check("10:00")
    assert room.runtime.read(queries.pulse, nurse).active == 1
    leave(room, visit, "start")
    assert room.runtime.read(queries.pulse, nurse) == queries.NO_ALERTS


def test_the_statements_of_a_check_do_not_grow_with_its_alerts(room: WaitingRoom) -> None:
    def statements(wall: str, alerts: int) -> int:
        with counted_statements(room.runtime) as sent:
            assert room.check(wall).items == alerts
        return len(sent)

    idle = statements("08:56", 0)
    room.here("09:00", "09:00")
    one = statements("09:20", 1)
    for minute in range(7):
        room.here(f"{9 + (minute + 2) // 4:02}:{15 * ((minute + 2) % 4):02}", "09:21")
    assert cost_alike(one, statements("13:00", 7 + 8))
    assert one - idle <= 11
    assert statements("13:05", 0) == idle


def test_with_nothing_due_one_index_answers_whatever_is_stored(room: WaitingRoom) -> None:
    room.here("09:00", "09:00")
    on_sqlite = room.runtime.database.dialect == "sqlite"
    hospital = room.hospital.id.hex if on_sqlite else str(room.hospital.id)
    instant = "'2026-01-22 03:00:00'"
    query = (
        f"SELECT id FROM appointments WHERE hospital_id = '{hospital}' AND alert_due_at <= {instant} "
        "AND status = 'CHECKED_IN' ORDER BY alert_due_at, id LIMIT 100"
    )
    with room.runtime.database.writing() as session:
        if not on_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))
            session.execute(text("SET LOCAL enable_bitmapscan = off"))
        explain = "EXPLAIN QUERY PLAN" if on_sqlite else "EXPLAIN"
        plan = " ".join(str(value) for row in session.execute(text(f"{explain} {query}")) for value in row)
    assert "ix_appointments_alert_due" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
