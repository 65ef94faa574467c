"""The two doors: what commits, what is rerun, what becomes a domain error."""

import threading
from contextlib import suppress
from time import monotonic, sleep
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import AuditEntry, Hospital, User, new_id
from hms.models.engines import ReadSession
from hms.runtime import Runtime
from hms.transaction import Work
from tests.support.factories import LONG_AGO, admin_of, make_hospital, make_user
from tests.support.races import at_once, houses_on


def rename(work: Work, name: str) -> None:
    hospital = work.session.get_one(Hospital, work.actor.hospital_id, with_for_update=True)
    hospital.name = name
    work.changed("hospital", "renamed", hospital, name=name)


def name_of(session: ReadSession, hospital_id: UUID) -> str:
    return session.get_one(Hospital, hospital_id).name


def test_a_change_and_its_audit_row_commit_together(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    admin = admin_of(runtime, hospital)
    runtime.transact(admin, rename, "North")
    with runtime.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert name_of(session, hospital.id) == "North"
    assert (entry.action, entry.actor_id, entry.actor_role) == ("hospital.renamed", admin.user_id, "HOSPITAL_ADMIN")
    assert entry.details == {"name": "North"}


def test_an_error_leaves_nothing_behind(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)

    def rename_and_fail(work: Work) -> None:
        rename(work, "South")
        raise DomainError(Code.CONFLICT, "no")

    with pytest.raises(DomainError):
        runtime.transact(admin_of(runtime, hospital), rename_and_fail)
    assert runtime.read(name_of, hospital.id) == hospital.name
    assert runtime.read(lambda session: session.scalar(select(AuditEntry.seq))) is None


def test_a_read_session_cannot_write(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    with pytest.raises(DBAPIError, match=r"read-only|readonly"), runtime.reading() as session:
        session.execute(text("UPDATE hospitals SET name = 'East'"))
    assert runtime.read(name_of, hospital.id) == hospital.name


def test_a_refusal_by_the_schema_becomes_a_domain_error(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    make_user(runtime, hospital, Role.NURSE, email="nurse@example.org")
    tries = []

    def add_the_same(work: Work) -> None:
        tries.append(1)
        work.session.add(
            User(
                hospital_id=hospital.id,
                email="nurse@example.org",
                password_hash="!",
                role=Role.NURSE,
                first_name="A",
                last_name="B",
                created_at=LONG_AGO,
            )
        )

    with pytest.raises(DomainError) as caught:
        runtime.transact(admin_of(runtime, hospital), add_the_same)
    assert caught.value.code is Code.EMAIL_TAKEN
    assert len(tries) == 2, "the function runs once more, so that a check in front can name the reason"


def test_writers_who_read_first_do_not_lose_updates(runtime: Runtime) -> None:
    """Twenty threads each add one to a figure that they read in the same transaction."""
    hospital = make_hospital(runtime)
    actor = admin_of(runtime, hospital)

    def count_up(work: Work) -> None:
        row = work.session.get_one(Hospital, hospital.id, with_for_update=True)
        row.version += 1

    threads = [threading.Thread(target=lambda: runtime.transact(actor, count_up)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert runtime.read(lambda session: session.get_one(Hospital, hospital.id).version) == 21


def test_a_deadlock_reruns_the_whole_function(runtime: Runtime) -> None:
    """Two transactions lock two rows in opposite order; both succeed in the end."""
    one, two = make_hospital(runtime, "HMS001"), make_hospital(runtime, "HMS002")
    actor = admin_of(runtime, one)
    meet = threading.Barrier(2, timeout=0.5)

    def lock_in_turn(work: Work, first: UUID, second: UUID) -> None:
        work.session.get_one(Hospital, first, with_for_update=True).version += 1
        work.session.flush()
        with suppress(threading.BrokenBarrierError):  # SQLite lets only one in; PostgreSQL's rerun comes alone
            meet.wait()
        work.session.get_one(Hospital, second, with_for_update=True).version += 1

    pairs = ((one.id, two.id), (two.id, one.id))
    threads = [threading.Thread(target=runtime.transact, args=(actor, lock_in_turn, *pair)) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    versions = runtime.read(lambda session: set(session.scalars(select(Hospital.version))))
    assert versions == {3}


def test_a_writer_in_line_holds_up_nobody_who_reads_the_rules(runtime: Runtime) -> None:
    hospital = make_hospital(runtime)
    admin = admin_of(runtime, hospital)
    begun = threading.Event()

    def first(work: Work) -> str:
        work.session.execute(update(Hospital).values(name="First"))
        begun.set()
        sleep(0.2)  # until the other has asked for the rules, for which SQLite lets it wait
        return work.hospital.zone.key

    def second(work: Work) -> str:
        return work.hospital.zone.key

    def after(house: Runtime) -> str:
        begun.wait(10)
        return house.transact(admin, second)

    started = monotonic()
    with houses_on(runtime, 2) as (one, other):
        zones = at_once([lambda: one.transact(admin, first), lambda: after(other)])
    assert zones == [hospital.timezone] * 2
    assert monotonic() - started < 5  # a lock shared by both would hold until SQLite gives up after 20 s


def test_the_worker_is_nudged_after_the_commit_and_only_when_messages_wait(runtime: Runtime) -> None:
    nudges: list[str] = []
    runtime.nudge = lambda: nudges.append("now")
    hospital = make_hospital(runtime)
    runtime.transact(admin_of(runtime, hospital), rename, "West")
    assert nudges == []


def test_identifiers_rise_with_time_and_never_repeat() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {identifier.version for identifier in made} == {7}
    assert {identifier.variant for identifier in made} == {UUID(int=0x80 << 56).variant}
    assert [i.int >> 80 for i in made] == sorted(i.int >> 80 for i in made)
