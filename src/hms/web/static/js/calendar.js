// The doctors' day: sheets over it, keys, and the same way of following changes as the board's.

import { watchClicks, watchToasts } from "./sheets.js";
import { follow } from "./live.js";
import { watchAnswers } from "./sheet_answers.js";
import { showTab } from "./tabs.js";
import "./vitals.js";

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
// On a phone, whose day is in view shows in the choice above it.
grid()?.addEventListener("scrollend", () => {
  const jump = document.getElementById("jump-doctor");
  const left = grid().getBoundingClientRect().left;
  const nearest = [...document.querySelectorAll(".day-column")].find((one) => one.getBoundingClientRect().right > left + grid().clientWidth / 2);
  if (jump && nearest) jump.value = nearest.id;
});

watchClicks();
watchToasts();
watchAnswers();
follow();
showNow();
showTab();
document.body.dataset.ready = "yes";
