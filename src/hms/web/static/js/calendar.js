// The doctors' day: sheets over it, keys, and the same way of following changes as the board's.

import { close, open, watchClicks, watchToasts } from "./sheets.js";
import { afterMorph, follow, noteChange } from "./live.js";
import { showTab } from "./tabs.js";

let asked = null; // who opened the sheet: focus goes back there

const grid = () => document.getElementById("list");

function showNow() {
  const line = document.querySelector(".now-line");
  if (line && grid()) grid().scrollTop = line.offsetTop - grid().clientHeight * 0.4;
}

// Arrows walk from entry to entry: up and down in a doctor's day, left and right to the nearest time of a neighbour.
function walk(event) {
  const entry = event.target.closest?.("a.entry");
  if (!entry || event.ctrlKey || event.metaKey || event.altKey) return;
  const column = entry.closest(".day-column");
  const entries = (of) => [...of.querySelectorAll("a.entry")];
  let next = null;
  if (event.key === "ArrowDown") next = entries(column)[entries(column).indexOf(entry) + 1];
  else if (event.key === "ArrowUp") next = entries(column)[entries(column).indexOf(entry) - 1];
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    const beside = event.key === "ArrowLeft" ? column.previousElementSibling : column.nextElementSibling;
    if (!beside?.matches(".day-column")) return;
    const top = entry.getBoundingClientRect().top;
    const far = (one) => Math.abs(one.getBoundingClientRect().top - top);
    next = entries(beside).sort((one, other) => far(one) - far(other))[0];
  } else return;
  event.preventDefault();
  next?.focus();
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  walk(event);
  if (event.key === "t" && !event.target.matches("input, select, textarea")) document.getElementById("day-today")?.click();
});
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-go]")) location.assign(event.target.value);
  if (event.target.matches("select[data-jump]")) {
    document.getElementById(event.target.value).scrollIntoView({ inline: "start", block: "nearest" });
  }
});
document.addEventListener("htmx:beforeRequest", (event) => {
  noteChange();
  if (event.detail.target?.id === "sheet" && !document.getElementById("sheet").open) asked = event.detail.elt.id;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "sheet") {
    open("sheet");
  } else if (event.detail.target.id === "board") {
    noteChange();
    afterMorph();
  }
});
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, (event) => {
    if (event.detail.xhr.status === 401) return; // the server leads to the sign-in page
    document.getElementById("toasts").replaceChildren(document.getElementById("not-done").content.cloneNode(true));
  });
}
document.addEventListener("close-sheet", () => close("sheet"));
document.getElementById("sheet").addEventListener("close", () => {
  document.getElementById(asked)?.focus();
  document.getElementById("sheet").replaceChildren();
});
// On a phone, whose day is in view shows in the choice above it.
grid()?.addEventListener("scrollend", () => {
  const jump = document.getElementById("jump-doctor");
  const left = grid().getBoundingClientRect().left;
  const nearest = [...document.querySelectorAll(".day-column")].find((one) => one.getBoundingClientRect().right > left + grid().clientWidth / 2);
  if (jump && nearest) jump.value = nearest.id;
});

watchClicks();
watchToasts();
follow();
showNow();
showTab();
document.body.dataset.ready = "yes";
