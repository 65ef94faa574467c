"""A request that comes again by the same key is done once and answered alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import func, select

from hms.access.actors import Actor
from hms.clock import FixedClock
from hms.domain.errors import Code, DomainError
from hms.domain.people import Role
from hms.models import AuditEntry, IdempotencyKey
from hms.runtime import Runtime
from hms.services import idempotency
from hms.services.idempotency import Answer, Once, fingerprint_of
from hms.transaction import Work
from tests.support.factories import actor_of, admin_of, make_hospital, make_user

SAME = Once("key-1", fingerprint_of("POST", "/appointments", b"{}"))
OTHER = Once("key-1", fingerprint_of("POST", "/appointments", b'{"a":1}'))


@pytest.fixture
def actor(runtime: Runtime) -> Actor:
    return admin_of(runtime, make_hospital(runtime))


_number = count(1)


def act(work: Work) -> str:
    """Leave a trace, and an answer that no second call would give."""
    work.changed("hospital", "touched", work.hospital)
    return f"answer {next(_number)}"


def fail(work: Work) -> str:
    work.changed("hospital", "touched", work.hospital)
    raise DomainError(Code.SLOT_TAKEN, "taken")


def traces(runtime: Runtime) -> int:
    return runtime.read(lambda session: session.scalar(select(func.count()).select_from(AuditEntry)) or 0)


def test_the_first_answer_is_given_again(runtime: Runtime, actor: Actor) -> None:
    first = runtime.transact(actor, idempotency.once, SAME, act)
    again = runtime.transact(actor, idempotency.once, SAME, act)

    assert not first.repeated
    assert again == Answer(first.text, repeated=True)
    assert traces(runtime) == 1


def test_another_request_by_the_same_key_is_refused(runtime: Runtime, actor: Actor) -> None:
    runtime.transact(actor, idempotency.once, SAME, act)

    with pytest.raises(DomainError) as refusal:
        runtime.transact(actor, idempotency.once, OTHER, act)

    assert refusal.value.code is Code.IDEMPOTENCY_MISMATCH
    assert traces(runtime) == 1


def test_another_person_may_use_the_same_key(runtime: Runtime, actor: Actor) -> None:
    hospital = make_hospital(runtime, "HMS002")
    somebody = actor_of(make_user(runtime, hospital, Role.RECEPTIONIST))

    answers = [runtime.transact(who, idempotency.once, SAME, act) for who in (actor, somebody)]

    assert [answer.repeated for answer in answers] == [False, False]
    assert traces(runtime) == 2


def test_a_failed_request_leaves_its_key_free(runtime: Runtime, actor: Actor) -> None:
    with pytest.raises(DomainError):
        runtime.transact(actor, idempotency.once, SAME, fail)

    assert not runtime.transact(actor, idempotency.once, OTHER, act).repeated
    assert traces(runtime) == 1


def test_after_a_day_the_key_is_free_again(runtime: Runtime, actor: Actor, machine_clock: FixedClock) -> None:
    first = runtime.transact(actor, idempotency.once, SAME, act)
    machine_clock.advance(timedelta(hours=24))

    second = runtime.transact(actor, idempotency.once, OTHER, act)
    again = runtime.transact(actor, idempotency.once, OTHER, act)

    assert second.text != first.text
    assert again == Answer(second.text, repeated=True)


def test_old_answers_are_forgotten_and_young_ones_kept(
    runtime: Runtime, actor: Actor, machine_clock: FixedClock
) -> None:
    runtime.transact(actor, idempotency.once, Once("old", "f"), act)
    machine_clock.advance(timedelta(hours=1))
    runtime.transact(actor, idempotency.once, Once("young", "f"), act)
    machine_clock.advance(timedelta(hours=23))

    assert runtime.transact(Actor.system(actor.hospital_id), idempotency.forget_expired) == 1
    assert runtime.read(lambda session: session.scalars(select(IdempotencyKey.key)).all()) == ["young"]


def test_fifty_at_once_are_done_once(runtime: Runtime, actor: Actor) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: runtime.transact(actor, idempotency.once, SAME, act), range(50)))

    assert len({answer.text for answer in answers}) == 1
    assert [answer.repeated for answer in answers].count(False) == 1
    assert traces(runtime) == 1
