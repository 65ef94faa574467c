"""Many clients at once, through the real WSGI application."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hms.models import Appointment, IdempotencyKey, OutgoingMessage, Patient, new_id
from hms.runtime import Runtime
from tests.support.callers import HttpHouse, Reply
from tests.support.factories import LONG_AGO, add
from tests.support.visits import rows

CLIENTS = 200
AT_ONCE = 40


def crowd(runtime: Runtime, house: HttpHouse) -> list[Patient]:
    patients = [
        Patient(
            id=new_id(),
            hospital_id=house.hospital.id,
            mrn=f"HMS001-CROWD{number:07}",
            first_name="Roy",
            last_name=f"Nr{number}",
            created_at=LONG_AGO,
        )
        for number in range(CLIENTS)
    ]
    add(runtime, *patients)
    return patients


def test_of_two_hundred_who_book_one_slot_one_gets_it(runtime: Runtime) -> None:
    house = HttpHouse(runtime)
    patients = crowd(runtime, house)
    start = threading.Barrier(AT_ONCE)

    def book(numbered: tuple[int, Patient]) -> Reply:
        number, patient = numbered
        if number < AT_ONCE:
            start.wait(timeout=60)
        return house.reception.post("/appointments", house.booking("10:00", patientId=str(patient.id)))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(book, enumerate(patients)))

    won = [reply for reply in replies if reply.status == 201]
    assert len(won) == 1
    assert Counter(reply.refusal for reply in replies if reply.status != 201) == {(409, "SLOT_TAKEN"): CLIENTS - 1}
    assert [str(row.id) for row in rows(runtime, Appointment)] == [won[0].data["id"]]


def test_fifty_repeats_of_one_request_make_one_booking_and_one_answer(runtime: Runtime) -> None:
    house = HttpHouse(runtime)
    start = threading.Barrier(50)

    def book(_number: int) -> Reply:
        start.wait(timeout=60)
        return house.by_patient.post("/appointments", house.booking("10:00"), headers={"Idempotency-Key": "once"})

    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(book, range(50)))

    assert {(reply.status, reply.raw) for reply in replies} == {(201, replies[0].raw)}
    assert len(rows(runtime, Appointment)) == len(rows(runtime, IdempotencyKey)) == 1
    assert len(rows(runtime, OutgoingMessage)) == 3


def test_one_visit_is_checked_in_once(runtime: Runtime) -> None:
    house = HttpHouse(runtime)
    visit = house.booked("10:00")
    start = threading.Barrier(20)

    def check_in(_number: int) -> Reply:
        start.wait(timeout=60)
        return house.reception.patch(f"/appointments/{visit['id']}/status", {"status": "CHECKED_IN", "version": 1})

    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(check_in, range(20)))

    assert Counter(reply.status for reply in replies) == {200: 1, 409: 19}
    assert {reply.code for reply in replies if reply.status == 409} == {"STALE_VERSION"}
    assert house.reception.get(f"/appointments/{visit['id']}").data["version"] == 2
