// Reception's desk: search as you type, arrows through what was found and the free times, Enter takes it.

import "./forms.js";
import { open } from "./sheets.js";

const people = () => [...document.querySelectorAll("[data-person]")];
const search = () => document.getElementById("q");

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "?" && !typing) open("help");
  if (event.key === "/" && !typing && search()) {
    search().select();
    event.preventDefault();
  }
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by || (typing && event.target !== search())) return;
  const all = people();
  const at = all.indexOf(document.activeElement);
  event.preventDefault();
  if (at === 0 && by < 0) search()?.focus();
  else all[Math.min(all.length - 1, Math.max(0, at + by))]?.focus();
});

// Enter in the search opens the only match; with several, it leads to the first of them.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-first]")) return;
  event.preventDefault();
  const found = document.querySelectorAll(".people-found [data-person]");
  if (found.length === 1) found[0].click();
  else people()[0]?.focus();
});

let asked = null; // who opened the sheet: focus goes back there
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "sheet" && !document.getElementById("sheet").open) asked = event.detail.elt.id;
});
document.getElementById("sheet")?.addEventListener("close", () => document.getElementById(asked)?.focus());
