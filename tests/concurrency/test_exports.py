"""However many ask for a history at once, and however many workers write it, there is one file."""

from __future__ import annotations

from functools import partial

from hms.domain.exports import ExportStatus
from hms.models import HistoryExport, Notification
from hms.processes.exports import ExportReport, write_due
from hms.runtime import Runtime
from hms.services import exports
from hms.services.exports import ExportHistory
from tests.support.exporting import Archive
from tests.support.factories import actor_of, make_patient
from tests.support.races import at_once, houses_on
from tests.support.visits import rows


def test_fifty_questions_at_once_make_one_task(runtime: Runtime) -> None:
    archive = Archive.open(runtime)
    with houses_on(runtime, 5) as houses:
        acts = [partial(houses[i % 5].transact, archive.actor, exports.ask, ExportHistory()) for i in range(50)]
        given = at_once(acts)
    (task,) = rows(runtime, HistoryExport)
    assert set(given) == {task.id}


def test_ten_workers_write_each_file_once(runtime: Runtime) -> None:
    archive = Archive.open(runtime, 5)
    asked = {archive.ask(): archive.actor}
    for _ in range(5):
        actor = actor_of(make_patient(runtime, archive.hospital, login=True))
        asked[archive.ask(actor)] = actor
    with houses_on(runtime, 5) as houses:
        reports = at_once([partial(write_due, houses[i % 5], lines_at_once=1) for i in range(10)])
    assert all(isinstance(report, ExportReport) for report in reports)
    assert sum(report.done for report in reports) == 6
    assert sum(report.failed + report.lost for report in reports) == 0
    assert {archive.task(task, actor).status for task, actor in asked.items()} == {ExportStatus.DONE}
    assert sorted(archive.text(task, actor).count("\r\n") for task, actor in asked.items()) == [1, 1, 1, 1, 1, 6]
    assert len(rows(runtime, Notification)) == 6
