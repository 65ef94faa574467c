"""People say how they want to be told: signed in, at the desk, or by the link in a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete

from hms.access.permissions import Permission
from hms.access.scope import find, not_found
from hms.domain.errors import Code, Detail, DomainError
from hms.domain.messages import Channel
from hms.domain.people import Role
from hms.languages import LANGUAGES
from hms.models import OptOut, Patient, User, new_id
from hms.models.bulk import insert_missing
from hms.transaction import Work, require_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What somebody wants. ``patient_id``: None for the login of somebody who works here.

    ``channels``: those named are wanted or not, others stay; ``language``: one of `hms.languages`, None: it stays.
    """

    patient_id: UUID | None = None
    channels: Mapping[Channel, bool] = field(default_factory=dict)
    language: str | None = None
    version: int | None = None


def choose(work: Work, command: Wishes) -> None:
    """Keep somebody's wishes; saying them again changes nothing.

    One's own, one's dependants', and for staff every patient's. Raise NOT_FOUND, VALIDATION for a language that we do
    not speak or a channel that this person does not have, or STALE_VERSION.
    """
    person = _person(work, command)
    if command.language is not None and command.language not in LANGUAGES:
        reason = f"must be one of {', '.join(LANGUAGES)}"
        raise DomainError(Code.VALIDATION, f"The language {reason}.", [Detail("language", reason)])
    if isinstance(person, User) and Channel.SMS in command.channels:
        reason = "is for patients only: staff get no text messages"
        raise DomainError(Code.VALIDATION, f"This {reason}.", [Detail("sms", reason)])
    changed = [channel.value for channel, wanted in command.channels.items() if _set(work, person, channel, wanted)]
    is_spoken = command.language is not None and command.language != person.language
    if is_spoken and command.language is not None:
        person.language = command.language
        person.version += 1
        if isinstance(person, Patient) and person.id == work.actor.patient_id and work.actor.user_id is not None:
            find(work.session, work.actor, User, work.actor.user_id, lock=True).language = command.language
    if changed or is_spoken:
        noun = "user" if isinstance(person, User) else "patient"
        wanted = {channel.value: wants for channel, wants in command.channels.items() if channel.value in changed}
        spoken = {"language": person.language} if is_spoken else {}
        work.changed(noun, "preferences_changed", person, **wanted, **spoken)


def _person(work: Work, command: Wishes) -> Patient | User:
    actor, session = work.actor, work.session
    if command.patient_id is not None:
        if not actor.owns(command.patient_id):
            if actor.role is Role.PATIENT:
                raise not_found("Patient")
            work.require(Permission.REGISTER_PATIENTS)
        row: Patient | User = find(session, actor, Patient, command.patient_id, lock=True)
    elif actor.user_id is None or actor.role is Role.PATIENT:
        raise not_found("Patient")
    else:
        row = find(session, actor, User, actor.user_id, lock=True)
    require_version(row, command.version)
    return row


def _set(work: Work, person: Patient | User, channel: Channel, wanted: bool) -> bool:
    """Keep or take back that somebody declines a channel; tell whether that is new. The person is locked."""
    key = "user_id" if isinstance(person, User) else "patient_id"
    own = getattr(OptOut, key) == person.id
    if wanted:
        gone = delete(OptOut).where(own, OptOut.channel == channel).returning(OptOut.id)
        return work.session.scalar(gone.execution_options(synchronize_session=False)) is not None
    before = work.session.query(OptOut.id).where(own, OptOut.channel == channel).first()
    if before is not None:
        return False
    row = {
        "id": new_id(),
        "hospital_id": work.actor.hospital_id,
        key: person.id,
        "channel": channel,
        "created_at": work.now,
    }
    insert_missing(work.session, OptOut, {name: [value] for name, value in row.items()}, (key, "channel"))
    return True
