// What every page needs.

import { watchClicks, watchToasts } from "./sheets.js";

watchClicks();
watchToasts();
document.querySelector("[data-strip] [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

// A button that is pressed twice sends its form once; should no answer come, it can be pressed again.
const REST = 5000;
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const buttons = event.target.querySelectorAll("button:not(:disabled)");
  setTimeout(() => buttons.forEach((button) => (button.disabled = true))); // once the form has been read
  setTimeout(() => buttons.forEach((button) => (button.disabled = false)), REST);
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("button:disabled").forEach((button) => (button.disabled = false));
});
