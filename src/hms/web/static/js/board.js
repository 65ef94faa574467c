// The board's hands and eyes: keys, sheets, and what follows an answer.

import { close, open, watchClicks, watchToasts } from "./sheets.js";
import { afterMorph, follow, noteChange } from "./live.js";
import "./vitals.js";

const rows = () => [...document.querySelectorAll("#board [data-visit]")];
const chosen = () => document.activeElement?.closest?.("[data-visit]") ?? null;
const search = () => document.getElementById("q");

function choose(row) {
  if (!row) return;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  const at = all.indexOf(chosen());
  if (at < 0) {
    const now = document.getElementById("now")?.nextElementSibling;
    choose(search() === document.activeElement || !now ? all[0] : now);
  } else {
    choose(all[Math.min(all.length - 1, Math.max(0, at + by))]);
  }
}

function press(verb) {
  const row = chosen();
  const control = row?.querySelector(`[data-verb="${verb}"]`);
  if (control) control.click();
  return Boolean(control);
}

const KEYS = {
  "/": () => {
    search().focus();
    search().select();
    return true;
  },
  ArrowDown: () => (step(1), true),
  ArrowUp: () => (step(-1), true),
  c: () => press("check_in"),
  n: () => press("no_show_form"),
  t: () => (document.getElementById("day-today")?.click(), true),
  "?": () => (open("help"), true),
};

function typing(target) {
  return target instanceof Element && target.matches("input, select, textarea, [contenteditable]");
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const inSearch = event.target === search();
  if (event.key === "Escape" && inSearch) {
    if (search().value) {
      search().value = "";
      search().dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      search().blur();
    }
    event.preventDefault();
    return;
  }
  if (typing(event.target) && !(inSearch && event.key.startsWith("Arrow") && event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
  if (event.key === "Enter" && event.target.matches?.("[data-visit]")) {
    event.target.querySelector(".name").click();
    event.preventDefault();
    return;
  }
  if (KEYS[event.key]?.()) event.preventDefault();
}

let entered = null; // what the search held when Enter was pressed, until its answer is here
let asked = null; // who opened the sheet: focus goes back there

document.addEventListener("keydown", onKey);
document.addEventListener("change", (event) => {
  if (event.target.matches?.("select[data-go]")) location.assign(event.target.value);
});
document.addEventListener("htmx:beforeRequest", (event) => {
  // Enter was pressed: a search that is still on its way, or waits for a pause in typing, would undo its answer.
  if (event.detail.elt.id === "search") {
    entered = search().value;
    window.htmx.trigger(search(), "htmx:abort");
  } else if (event.detail.elt === search() && entered !== null) {
    event.preventDefault();
    return;
  }
  noteChange();
  if (event.detail.target?.id === "sheet" && !document.getElementById("sheet").open) asked = event.detail.elt.id;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id !== "search") return;
  const typedOn = search().value !== entered;
  entered = null;
  if (typedOn) search().dispatchEvent(new Event("input", { bubbles: true }));
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "sheet") {
    open("sheet");
    return;
  }
  noteChange();
  afterMorph();
  if (event.detail.boosted) showNow(); // another day, doctor or part of the day
});
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, (event) => {
    if (event.detail.xhr.status === 401) return; // the server leads to the sign-in page
    document.getElementById("toasts").replaceChildren(document.getElementById("not-done").content.cloneNode(true));
  });
}
document.addEventListener("checked-in", () => {
  if (search() === document.activeElement) search().value = "";
});
document.addEventListener("close-sheet", () => close("sheet"));
document.getElementById("sheet").addEventListener("close", () => {
  document.getElementById(asked)?.focus();
  document.getElementById("sheet").replaceChildren();
});

watchClicks();
watchToasts();
follow();

// At first sight, what happens now is in view (where the list scrolls by itself; a phone has a link for it).
function showNow() {
  const list = document.getElementById("list");
  const now = document.getElementById("now");
  list.scrollTop = now ? now.offsetTop - list.clientHeight * 0.4 : 0;
}

showNow();
document.body.dataset.ready = "yes";
