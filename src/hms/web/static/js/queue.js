// The queue and a doctor's day: sheets over it, arrows from one to the next, and the board's way of following changes.

import { open, watchClicks, watchToasts } from "./sheets.js";
import { follow } from "./live.js";
import { watchAnswers } from "./sheet_answers.js";
import "./vitals.js";

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select, textarea")) return;
  if (event.key === "?") open("help");
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const all = [...document.querySelectorAll("#board a.button[data-go], #board button[data-go]")];
  if (!all.length) return;
  event.preventDefault();
  const at = all.indexOf(document.activeElement);
  all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
});
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-go]")) location.assign(event.target.value);
});

watchClicks();
watchToasts();
watchAnswers();
follow();
document.body.dataset.ready = "yes";
