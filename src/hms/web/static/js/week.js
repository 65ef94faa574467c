// The week's picture as an input: drag hours, their ends, or an empty place; or choose hours and use the arrow keys.
// Whatever the hand does lands in the typed fields, and the server answers with the slots that come out of it.

const STEP = 5; // minutes of one row
const SNAP = 15;
const EDGE = 7; // pixels at a block's ends that change its length
const DAY = 24 * 60;

let changes = 0; // by hand or keys: an answer that set out before the last one is out of date
const askedAt = new WeakMap(); // each request's own count

const form = () => document.getElementById("week");
const text = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
const read = (value) => (/^\d\d:\d\d/.test(value) ? Number(value.slice(0, 2)) * 60 + Number(value.slice(3, 5)) : null);
const field = (name, row) => document.getElementById(`${name}-${row}`);
const firstMinute = () => Number(form().dataset.firstHour) * 60;
const snap = (minutes) => Math.round(minutes / SNAP) * SNAP;
const within = (minutes) => Math.max(0, Math.min(DAY - SNAP, minutes));

function hoursOf(row) {
  return { start: read(field("start", row).value), end: read(field("end", row).value) };
}

function write(row, start, end, moved) {
  const by = start - hoursOf(row).start;
  field("start", row).value = text(start);
  field("end", row).value = text(end);
  if (moved) {
    for (const name of ["breakStart", "breakEnd"]) {
      const at = read(field(name, row).value);
      if (at !== null) field(name, row).value = text(within(at + by)); // the break comes along
    }
  }
}

function tell() {
  changes += 1;
  window.htmx.trigger(form(), "drawn");
}

let drag = null;

function minuteAt(event, column) {
  const box = column.getBoundingClientRect();
  const rows = getComputedStyle(column).gridTemplateRows.split(" ").length;
  return firstMinute() + ((event.clientY - box.top) / box.height) * rows * STEP;
}

function show() {
  const from = (drag.start - firstMinute()) / STEP;
  drag.bar.style.gridRow = `${Math.max(0, from) + 1} / span ${Math.max(1, (drag.end - drag.start) / STEP)}`;
  drag.bar.querySelector(".bar-words").textContent = text(drag.start);
  drag.bar.querySelector(".bar-end").textContent = text(drag.end);
}

function begin(event) {
  const column = event.target.closest?.(".week-column");
  if (!column || event.button !== 0) return;
  if (event.pointerType === "touch" && !event.target.closest(".week-bar")) return; // a finger scrolls
  let bar = event.target.closest(".week-bar");
  const at = minuteAt(event, column);
  if (bar) {
    const box = bar.getBoundingClientRect();
    const kind = event.clientY - box.top < EDGE ? "start" : box.bottom - event.clientY < EDGE ? "end" : "move";
    const { start, end } = hoursOf(bar.dataset.row);
    if (start === null || end === null) return;
    drag = { kind, bar, row: bar.dataset.row, at, start, end, from: { start, end } };
  } else {
    bar = document.createElement("span");
    bar.className = "week-bar is-drawn";
    bar.innerHTML = '<span class="bar-words"></span><span class="bar-words bar-end"></span>';
    column.append(bar);
    const start = Math.floor(at / SNAP) * SNAP;
    drag = { kind: "draw", bar, day: column.dataset.day, at: start, start, end: start + SNAP, from: { start, end: start } };
    show();
  }
  drag.column = column;
  drag.moved = false;
  column.setPointerCapture(event.pointerId);
}

function move(event) {
  if (!drag) return;
  const by = snap(minuteAt(event, drag.column) - drag.at);
  const { start, end } = drag.from;
  if (by !== 0) drag.moved = true;
  if (drag.kind === "move") {
    const to = Math.max(0, Math.min(DAY - SNAP - (end - start), start + by));
    [drag.start, drag.end] = [to, to + (end - start)];
  } else if (drag.kind === "start") {
    drag.start = Math.max(0, Math.min(end - SNAP, start + by));
  } else if (drag.kind === "end") {
    drag.end = within(Math.max(start + SNAP, end + by));
  } else {
    drag.end = within(Math.max(start + SNAP, snap(minuteAt(event, drag.column))));
  }
  show();
}

function finish() {
  if (!drag) return;
  const done = drag;
  drag = null;
  if (done.kind === "draw") {
    done.bar.remove();
    if (!done.moved || done.end - done.start < 2 * SNAP) return;
    document.getElementById("draw-day").value = done.day;
    document.getElementById("draw-start").value = text(done.start);
    document.getElementById("draw-end").value = text(done.end);
    tell();
  } else if (done.moved) {
    write(done.row, done.start, done.end, done.kind === "move");
    tell();
  } else {
    done.bar.removeAttribute("style");
    done.bar.focus();
  }
}

function give_up() {
  if (!drag) return;
  if (drag.kind === "draw") drag.bar.remove();
  else drag.bar.removeAttribute("style");
  drag = null;
}

function onKey(event) {
  if (event.key === "Escape") give_up();
  const bar = event.target.closest?.("button.week-bar");
  if (!bar || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = bar.dataset.row;
  const { start, end } = hoursOf(row);
  const by = { ArrowUp: -SNAP, ArrowDown: SNAP }[event.key];
  if (by && start !== null && end !== null) {
    event.preventDefault();
    if (event.shiftKey) {
      if (end + by - start >= SNAP && end + by < DAY) write(row, start, end + by, false);
    } else if (start + by >= 0 && end + by < DAY) {
      write(row, start + by, end + by, true);
    }
    tell();
  } else if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    document.getElementById(`remove-${row}`).click();
  } else if (event.key === "Enter") {
    event.preventDefault();
    field("start", row).focus();
  }
}

document.addEventListener("pointerdown", begin);
document.addEventListener("pointermove", move);
document.addEventListener("pointerup", finish);
document.addEventListener("pointercancel", give_up);
document.addEventListener("keydown", onKey);
// Half a time is nothing to ask about yet.
document.addEventListener(
  "input",
  (event) => {
    if (!event.target.closest("#week")) return;
    changes += 1;
    if (event.target.matches(".time") && event.target.value && !/^([01]?\d|2[0-3])[:.]?[0-5]\d$/.test(event.target.value)) event.stopPropagation();
  },
  true,
);
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "week") askedAt.set(event.detail.xhr, changes);
});
let focused = ""; // what the hand was on: a block that a new picture replaces gives the focus to its successor
document.addEventListener("htmx:beforeSwap", (event) => {
  focused = document.activeElement?.id ?? "";
  if (event.detail.target.id === "week" && askedAt.get(event.detail.xhr) !== changes) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "week") return;
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
  for (const name of ["draw-day", "draw-start", "draw-end"]) document.getElementById(name).value = "";
});
