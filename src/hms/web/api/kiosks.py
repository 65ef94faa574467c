"""The kiosk: patients check themselves in."""

from dataclasses import dataclass
from datetime import time
from typing import Annotated

from pydantic import Field

from hms.domain.errors import Code
from hms.services.kiosks import Arrive
from hms.web import kiosks
from hms.web.api.routing import Call, Routes
from hms.web.api.schemas import Body, Day

routes = Routes("Kiosk", "Checking oneself in at the entrance, where a hospital has that switched on (kioskCheckIn).")


class Arrival(Body):
    """Who one is. ``mrn``: with or without the hospital's code in front."""

    mrn: Annotated[str, Field(min_length=1, max_length=40)]
    date_of_birth: Day


@dataclass(frozen=True, slots=True)
class Arrived:
    """What the kiosk shows: when, and with whom."""

    start_time: time
    doctor_name: str


@routes.post("/kiosks/<hospital_code>/check-in", public=True, errors=(Code.NOT_FOUND, Code.RATE_LIMITED))
def check_in(call: Call, hospital_code: str, body: Arrival) -> Arrived:
    """Check in one's visit of today, by number and date of birth; a second time changes nothing.

    Whatever does not fit - the number, the date, no visit now - gets the same answer.
    """
    kiosk = kiosks.kiosk_of(call.runtime, hospital_code)
    visit = kiosks.arrive(call.door, kiosk, Arrive(body.mrn, body.date_of_birth), call.address)
    return Arrived(visit.start_time, visit.doctor_name)
