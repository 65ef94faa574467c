"""The review list: visits that somebody must decide, one by one or many at once, each with why it is here."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, request

from hms.access.permissions import Permission, require
from hms.domain.errors import DomainError
from hms.domain.no_shows import REVIEW_WORDS, ReviewDecision, ReviewReason
from hms.queries import reviews as queries
from hms.queries.reviews import Position, ReviewFilter
from hms.services import reviews
from hms.services.reviews import Decided, DecideItem, DecideMany
from hms.web.pages.desk import Toast, desk, page, runtime, staff_only
from hms.web.pages.formats import counted

HERE = "reviews"
SHOWN = 50
WORDS: dict[ReviewDecision, str] = {
    ReviewDecision.NO_SHOW: "Missed",
    ReviewDecision.ATTENDED: "Attended",
    ReviewDecision.CLINIC_FAULT: "Clinic’s fault",
}


def register(pages: Blueprint) -> None:
    """Add the review list's routes."""
    pages.get("/reviews", endpoint="reviews")(show)
    pages.post("/reviews", endpoint="review_decide")(decide)


@staff_only
def show() -> Response:
    """Show what waits for a decision, oldest visit first."""
    return _list([])


@staff_only
def decide() -> Response:
    """Decide the visit whose button was pressed, or all that are ticked."""
    pressed = request.form.get("one", "")
    word, _, single = pressed.partition(" ")
    chosen = [single] if pressed else request.form.getlist("visit")
    decision = _decision(word or request.form.get("decision", ""))
    items = tuple(item for text in chosen if (item := _item(text)) is not None)
    if decision is None or not items:
        return _list([Toast("Nothing was decided: tick the visits first.", "bad")], status=422)
    note = request.form.get("note", "").strip() or None
    try:
        decided = runtime().transact(desk().actor, reviews.decide_many, DecideMany(items, decision, note))
    except DomainError as error:
        if not error.details:
            raise
        return _list([Toast(error.message, "bad")], status=422)
    return _list(_told(decided, decision))


def _told(decided: list[Decided], decision: ReviewDecision) -> list[Toast]:
    done = sum(each.code is None for each in decided)
    told = [Toast(f"{counted(done, 'visit')}: {WORDS[decision].lower()}.")] if done else []
    refusals = {each.message for each in decided if each.message}
    left = len(decided) - done
    return told + [Toast(f"{counted(left, 'visit')} could not be decided: {why}", "bad") for why in sorted(refusals)]


def _list(toasts: list[Toast], *, status: int = 200) -> Response:
    at = desk()
    require(at.actor, Permission.DECIDE_REVIEWS)
    reason = request.args.get("reason", type=ReviewReason)
    after = _position(request.args.get("after", ""))
    rows = runtime().read(queries.waiting, at.actor, at.today, SHOWN + 1, ReviewFilter(reason), after=after)
    last = rows[SHOWN - 1] if len(rows) > SHOWN else None
    return page(
        "reviews/list.html",
        HERE,
        status=status,
        toasts=toasts,
        rows=rows[:SHOWN],
        reason=reason,
        reasons=REVIEW_WORDS,
        decisions=WORDS,
        after=f"{last.starts_at.isoformat()}_{last.appointment_id}" if last else "",
    )


def _decision(word: str) -> ReviewDecision | None:
    try:
        return ReviewDecision(word)
    except ValueError:
        return None


def _item(text: str) -> DecideItem | None:
    visit, _, version = text.partition(":")
    try:
        return DecideItem(UUID(visit), int(version))
    except ValueError:
        return None


def _position(text: str) -> Position | None:
    at, _, visit = text.partition("_")
    try:
        return datetime.fromisoformat(at), UUID(visit)
    except ValueError:
        return None
