"""A monthly report as a file to print or keep."""

from hms.gateways.printing import PrintedReport, report_pdf
from hms.queries.reports import WholeReport


def report_file(hospital_name: str, report: WholeReport, written: str) -> bytes:
    """Return a report as PDF. ``written``: when it was written, as its reader writes instants."""
    row, totals = report.row, report.row.totals
    return report_pdf(
        PrintedReport(
            hospital=hospital_name,
            title=f"{row.month:%B %Y}",
            subtitle=f"Dr. {row.first_name} {row.last_name}, {row.specialization}",
            totals=(
                ("Visits", str(totals.appointments)),
                ("Completed", str(totals.completed)),
                ("No-shows", str(totals.no_shows)),
                ("Treatments", str(totals.treatments)),
            ),
            headings=("Date", "Time", "Patient", "Diagnosis", "Treatment"),
            rows=tuple(
                (
                    f"{line.date.day} {line.date:%b}",
                    f"{line.start:%H:%M}",
                    line.patient,
                    line.diagnosis or "–",
                    line.treatment or "–",
                )
                for line in report.lines
            ),
            footer=f"As it stood {written}",
        )
    )
