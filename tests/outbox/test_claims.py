"""A claim is a lease: one holder at a time, urgent messages first, nothing lost when the holder dies."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text, update

from hms.clock import FixedClock
from hms.domain.messages import Channel, MessageStatus, Priority
from hms.models import Hospital, OutgoingMessage, Patient
from hms.outbox import claims
from hms.outbox.claims import Refusal
from hms.runtime import Runtime
from tests.support.factories import make_hospital, make_patient
from tests.support.letters import messages, states, tell
from tests.support.plans import plan_of, sent

Clinic = tuple[Hospital, Patient]
SECOND = timedelta(seconds=1)


@pytest.fixture
def clinic(runtime: Runtime) -> Clinic:
    hospital = make_hospital(runtime)
    return hospital, make_patient(runtime, hospital)


def claim(runtime: Runtime, limit: int = 50, channel: Channel = Channel.EMAIL) -> tuple[UUID, list[UUID]]:
    return runtime.maintain(claims.claim, runtime.clocks.machine.now(), channel, limit)


def test_urgent_ones_leave_first_then_those_due_the_longest(
    runtime: Runtime, clinic: Clinic, machine_clock: FixedClock
) -> None:
    low, normal = (tell(runtime, *clinic, priority=priority)[0].id for priority in (Priority.LOW, Priority.NORMAL))
    machine_clock.advance(SECOND)
    second, high = (tell(runtime, *clinic, priority=priority)[0].id for priority in (Priority.NORMAL, Priority.HIGH))
    assert claim(runtime)[1] == [high, normal, second, low]


def test_a_claim_asks_the_index_of_what_waits_however_many_were_delivered(runtime: Runtime, clinic: Clinic) -> None:
    tell(runtime, *clinic, 300)
    with runtime.database.writing() as session:
        session.execute(update(OutgoingMessage).values(status=MessageStatus.DELIVERED))
        session.execute(text("ANALYZE outgoing_messages"))
    tell(runtime, *clinic)
    with sent(runtime, "outgoing_messages") as statements:
        claim(runtime)
    looks = [statement for statement in statements if statement[0].startswith("SELECT")]
    assert len(looks) == 2
    for look in looks:
        plan = plan_of(runtime, *look)
        assert "ix_outgoing_messages_waiting" in plan
        assert "TEMP B-TREE" not in plan
        assert "SCAN outgoing_messages" not in plan


def test_hospitals_take_turns_and_what_is_urgent_goes_before_all(runtime: Runtime, clinic: Clinic) -> None:
    busy = [message.id for message in tell(runtime, *clinic, 30)]
    quiet, urgent = make_hospital(runtime, "HMS002"), make_hospital(runtime, "HMS003")
    late = [message.id for message in tell(runtime, quiet, make_patient(runtime, quiet), 2)]
    [first] = tell(runtime, urgent, make_patient(runtime, urgent), priority=Priority.HIGH)
    _, ids = claim(runtime, 11)
    assert ids[0] == first.id
    assert sorted(ids[1:5]) == sorted([*busy[:2], *late])
    assert ids[5:] == busy[2:8]


def test_a_hospital_with_little_leaves_its_share_to_the_others(runtime: Runtime, clinic: Clinic) -> None:
    tell(runtime, *clinic, 30)
    for number in range(2, 6):
        other = make_hospital(runtime, f"HMS00{number}")
        tell(runtime, other, make_patient(runtime, other))
    assert len(claim(runtime, 20)[1]) == 20
    assert len(claim(runtime, 20)[1]) == 14


def test_of_very_many_hospitals_each_has_its_turn_soon(
    runtime: Runtime, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "MOST_HOSPITALS", 2)
    told = {message.id for message in tell(runtime, *clinic, 3)}
    for number in range(2, 6):
        other = make_hospital(runtime, f"HMS00{number}")
        told |= {message.id for message in tell(runtime, other, make_patient(runtime, other), 3)}
    found: set[UUID] = set()
    while ids := claim(runtime, 4)[1]:
        assert len(ids) <= 4
        found |= set(ids)
    assert found == told


def test_a_message_that_is_put_off_waits_as_if_it_came_later(
    runtime: Runtime, clinic: Clinic, machine_clock: FixedClock
) -> None:
    [message] = tell(runtime, *clinic)
    lease, _ = claim(runtime)
    due = machine_clock.now() + timedelta(hours=9)
    assert runtime.maintain(claims.put_off, lease, message.id, due)
    assert not runtime.maintain(claims.put_off, lease, message.id, due)
    machine_clock.advance(timedelta(hours=9) - SECOND)
    assert claim(runtime)[1] == []
    machine_clock.advance(SECOND)
    assert claim(runtime)[1] == [message.id]
    assert messages(runtime)[0].queued_at == due


def test_a_message_that_nobody_wants_is_gone(runtime: Runtime, clinic: Clinic) -> None:
    first, second = tell(runtime, *clinic, 2)
    lease, _ = claim(runtime)
    assert runtime.maintain(claims.withdraw, lease, first.id)
    assert not runtime.maintain(claims.withdraw, lease, first.id)
    assert [message.id for message in messages(runtime)] == [second.id]


def test_a_batch_is_bounded_and_of_one_channel(runtime: Runtime, clinic: Clinic) -> None:
    tell(runtime, *clinic, 3)
    [text] = tell(runtime, *clinic, channel=Channel.SMS)
    assert len(claim(runtime, 2)[1]) == 2
    assert claim(runtime, channel=Channel.SMS)[1] == [text.id]


def test_what_is_claimed_is_nobody_elses_until_the_lease_ends(
    runtime: Runtime, clinic: Clinic, machine_clock: FixedClock
) -> None:
    [message] = tell(runtime, *clinic)
    first, _ = claim(runtime)
    machine_clock.advance(claims.LEASE - SECOND)
    assert claim(runtime)[1] == []
    machine_clock.advance(SECOND)
    second, again = claim(runtime)
    assert again == [message.id]
    now = runtime.clocks.hospital.now()
    assert runtime.maintain(claims.settle_delivered, first, [message.id], now) == set()
    assert states(runtime) == ["SENDING"]
    assert runtime.maintain(claims.settle_delivered, second, [message.id], now) == {message.id}
    [stored] = messages(runtime)
    assert (stored.status, stored.attempts, stored.lease) == (MessageStatus.DELIVERED, 1, None)


def test_a_lost_lease_settles_nothing_at_all(runtime: Runtime, clinic: Clinic, machine_clock: FixedClock) -> None:
    [message] = tell(runtime, *clinic)
    stale, _ = claim(runtime)
    machine_clock.advance(claims.LEASE)
    claim(runtime)
    now = machine_clock.now()
    no = Refusal("550 no", permanent=True)
    refused = runtime.maintain(claims.settle_refused, now, stale, message.id, no, jitter=0.5)
    failed = runtime.maintain(claims.give_back, now, stale, [message.id], "away")
    runtime.maintain(claims.release, now, stale, [message.id])
    renewed = runtime.maintain(claims.renew, now, stale, [message.id])
    assert (refused, failed, renewed, states(runtime)) == (None, 0, set(), ["SENDING"])


def test_a_renewed_lease_holds_longer(runtime: Runtime, clinic: Clinic, machine_clock: FixedClock) -> None:
    [message] = tell(runtime, *clinic)
    lease, ids = claim(runtime)
    machine_clock.advance(claims.LEASE - SECOND)
    assert runtime.maintain(claims.renew, machine_clock.now(), lease, ids) == {message.id}
    machine_clock.advance(claims.LEASE - SECOND)
    assert claim(runtime)[1] == []


def test_three_retries_then_failed(runtime: Runtime, clinic: Clinic, machine_clock: FixedClock) -> None:
    tell(runtime, *clinic)
    waits = []
    [stored] = messages(runtime)
    for _ in range(4):
        lease, ids = claim(runtime)
        now = machine_clock.now()
        runtime.maintain(claims.settle_refused, now, lease, ids[0], Refusal("451 later"), jitter=0.5)
        [stored] = messages(runtime)
        waits.append(stored.next_attempt_at - now)
        assert claim(runtime)[1] == []
        machine_clock.move_to(stored.next_attempt_at)
    assert waits[:3] == [timedelta(minutes=minutes) for minutes in (2, 10, 50)]
    assert (stored.status, stored.attempts, stored.last_error) == (MessageStatus.FAILED, 4, "451 later")
    assert claim(runtime)[1] == []


def test_a_permanent_refusal_fails_at_once(runtime: Runtime, clinic: Clinic, machine_clock: FixedClock) -> None:
    [message] = tell(runtime, *clinic)
    lease, _ = claim(runtime)
    reason = "550 " + "x" * 1000
    status = runtime.maintain(
        claims.settle_refused, machine_clock.now(), lease, message.id, Refusal(reason, permanent=True), jitter=0
    )
    assert (status, len(messages(runtime)[0].last_error or "")) == (MessageStatus.FAILED, 400)


def test_waiting_for_a_gateway_costs_no_tries_and_ends_after_three_days(
    runtime: Runtime, clinic: Clinic, machine_clock: FixedClock
) -> None:
    tell(runtime, *clinic)
    began = machine_clock.now()
    pauses = []
    now = began
    [stored] = messages(runtime)
    while states(runtime) == ["PENDING"]:
        lease, ids = claim(runtime)
        assert len(ids) == 1
        now = machine_clock.now()
        runtime.maintain(claims.give_back, now, lease, ids, "no answer")
        [stored] = messages(runtime)
        pauses.append(stored.next_attempt_at - now)
        machine_clock.move_to(max(stored.next_attempt_at, now + timedelta(hours=1)))
    assert pauses[:2] == [timedelta(seconds=5), timedelta(minutes=2)]
    assert (stored.status, stored.attempts, stored.last_error) == (MessageStatus.FAILED, 0, "no answer")
    assert now - began == timedelta(days=3)


def test_what_nobody_tried_is_due_at_once(runtime: Runtime, clinic: Clinic, machine_clock: FixedClock) -> None:
    tell(runtime, *clinic, 2)
    lease, ids = claim(runtime)
    runtime.maintain(claims.release, machine_clock.now(), lease, ids)
    assert set(claim(runtime)[1]) == set(ids)


def test_claims_at_once_never_share_a_message(runtime: Runtime, clinic: Clinic) -> None:
    told = {message.id for message in tell(runtime, *clinic, 60)}
    found: list[UUID] = []
    start = threading.Barrier(6)

    def take() -> None:
        start.wait()
        while ids := claim(runtime, 7)[1]:
            found.extend(ids)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 60
    assert set(found) == told
