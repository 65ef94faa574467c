"""The kiosk's way in, for its page and the JSON interface alike: nobody is signed in, so guessing is slowed down."""

from hms.access.actors import Actor
from hms.domain.errors import Code, DomainError
from hms.domain.kiosks import whole_mrn
from hms.queries import kiosks as queries
from hms.queries.kiosks import Kiosk, KioskVisit
from hms.runtime import Runtime
from hms.services import kiosks
from hms.services.kiosks import Arrive
from hms.web.identity import Door


def arrive(door: Door, kiosk: Kiosk, command: Arrive, address: str) -> KioskVisit:
    """Check a patient in; raise NOT_FOUND as the service does, or RATE_LIMITED after too many failed tries.

    Tries are counted whether the number exists or not, so that being slowed down tells nothing either. A patient who
    gets in clears their number, but not the address.
    """
    now = door.runtime.clocks.machine.now()
    mrn = whole_mrn(command.mrn, kiosk.code)
    door.kiosk_addresses.check(address, now)
    door.kiosk_numbers.check(mrn, now)
    try:
        visit = door.runtime.transact(Actor.system(kiosk.hospital_id), kiosks.arrive, command)
    except DomainError as error:
        if error.code is Code.NOT_FOUND:
            door.kiosk_addresses.failed(address, now)
            door.kiosk_numbers.failed(mrn, now)
        raise
    door.kiosk_numbers.succeeded(mrn)
    return visit


def kiosk_of(runtime: Runtime, hospital_code: str) -> Kiosk:
    """Return a hospital's kiosk; raise NOT_FOUND while it is switched off."""
    return runtime.read(queries.one, hospital_code)
