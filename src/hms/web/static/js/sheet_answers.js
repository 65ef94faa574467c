// Pages with a live part and a sheet over it: what follows an answer, and where the focus goes back to.

import { close, open } from "./sheets.js";
import { afterMorph, noteChange } from "./live.js";

let asked = null; // who opened the sheet: focus goes back there

export function watchAnswers() {
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
}
