// Pages with forms that the server answers piece by piece: what is being typed is never overtaken by an answer.

import { close, open, watchClicks, watchToasts } from "./sheets.js";
import { showTab } from "./tabs.js";

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-go]")) location.assign(event.target.value);
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "sheet") open("sheet");
});
document.addEventListener("close-sheet", () => close("sheet"));
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, (event) => {
    if (event.detail.xhr.status === 401) location.reload(); // the server leads to the sign-in page
    const toast = document.createElement("div");
    toast.className = "toast bad";
    toast.dataset.toast = "";
    toast.append("The clinic’s server did not answer, so this may not be done. Look again before you repeat it.");
    document.getElementById("toasts").replaceChildren(toast);
  });
}
document.addEventListener("DOMContentLoaded", () => {
  if (!window.Idiomorph) return;
  window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
    name !== "value" || element !== document.activeElement;
});
watchClicks();
watchToasts();
showTab();
document.body.dataset.ready = "yes";

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  source.select();
  try {
    await navigator.clipboard.writeText(source.value);
  } catch {
    document.execCommand("copy"); // without a secure connection there is no other way
  }
  const words = button.querySelector("[data-copied]");
  words.textContent = words.dataset.copied;
});
