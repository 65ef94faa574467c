"""What a doctor writes of a visit, as its form sends it; unfinished lines stay in the form, not in the record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from hms.domain.consultations import ICD_10
from hms.queries.consultations import ConsultationRow
from hms.services.consultations import Edit

COMPLAINT, NOTES, TEXT, CODE, SHORT, ROWS = 1000, 20_000, 400, 20, 200, 50
_PRESCRIPTION = ("medicine", "dose", "frequency", "duration", "instructions")

Line = dict[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """The form as it is filled in. Lines keep what is unfinished; ``errors`` by «complaint» or «diagnosis.0.code»."""

    complaint: str = ""
    notes: str = ""
    diagnosis: Sequence[Line] = ()
    prescriptions: Sequence[Line] = ()
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, row: ConsultationRow) -> "Written":
        """Return what is recorded, as the form shows it."""
        return cls(
            row.chief_complaint or "",
            row.treatment_notes or "",
            [{key: str(value) for key, value in line.items()} for line in row.diagnosis],
            [{key: str(value) for key, value in line.items()} for line in row.prescriptions],
        )

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> "Written":
        """Read the form; whatever is longer than its field allows is cut there."""
        errors: dict[str, str] = {}
        diagnosis = _lines(form, {"diagnosis": TEXT, "code": CODE})
        for place, line in enumerate(diagnosis):
            line["text"] = line.pop("diagnosis")
            line["code"] = line["code"].upper()
            _judge_diagnosis(place, line, errors)
        prescriptions = _lines(form, {name: TEXT if name == "instructions" else SHORT for name in _PRESCRIPTION})
        for place, line in enumerate(prescriptions):
            if any(line.values()) and not line["medicine"]:
                errors[f"prescriptions.{place}.medicine"] = "Which medicine?"
        return cls(
            form.get("complaint", "").strip()[:COMPLAINT],
            _plain(form.get("notes", ""))[:NOTES],
            diagnosis,
            prescriptions,
            errors,
        )

    def edit(self, consultation_id: UUID, version: int | None) -> Edit:
        """Return the command that records it, without the lines that are not finished."""
        return Edit(
            consultation_id,
            chief_complaint=self.complaint,
            diagnosis=tuple(self._recorded_diagnosis()),
            treatment_notes=self.notes,
            prescriptions=tuple(_given(line) for line in self.prescriptions if line["medicine"]),
            version=version,
        )

    def is_recorded_in(self, row: ConsultationRow) -> bool:
        """Tell whether a consultation holds just this: then an earlier try came through, and its answer was lost."""
        edit = self.edit(row.id, None)
        return (row.chief_complaint or "", row.treatment_notes or "", row.diagnosis, row.prescriptions) == (
            edit.chief_complaint,
            edit.treatment_notes,
            list(edit.diagnosis or ()),
            list(edit.prescriptions or ()),
        )

    def _recorded_diagnosis(self) -> list[dict[str, Any]]:
        recorded = []
        for place, line in enumerate(self.diagnosis):
            if line["text"]:
                code = "" if f"diagnosis.{place}.code" in self.errors else line["code"]
                recorded.append(_given({"text": line["text"], "code": code}))
        return recorded


def _judge_diagnosis(place: int, line: Line, errors: dict[str, str]) -> None:
    if line["code"] and not ICD_10.fullmatch(line["code"]):
        errors[f"diagnosis.{place}.code"] = "Not an ICD-10 code; one looks like J20.9"
    if line["code"] and not line["text"]:
        errors[f"diagnosis.{place}.text"] = "Say it in words too"


def _lines(form: MultiDict[str, str], longest: dict[str, int]) -> list[Line]:
    columns = {name: form.getlist(name)[:ROWS] for name in longest}
    count = max(len(column) for column in columns.values())
    return [
        {
            name: (column[place].strip()[: longest[name]] if place < len(column) else "")
            for name, column in columns.items()
        }
        for place in range(count)
    ]


def _given(line: dict[str, str]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if value}


def _plain(text: str) -> str:
    """Return a long text with the line ends that it is stored with; forms send others."""
    return text.replace("\r\n", "\n").strip()
