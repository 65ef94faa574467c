// The consultation's form: saved while it is written, kept on this device until the server has it, never lost.

import { Drafts } from "./drafts.js";
import { addRow, fill, placeErrors, removeRow, snapshot } from "./consultation_form.js";
import { watchClicks, watchToasts } from "./sheets.js";

const PAUSE = 1000; // after the last key
const PATIENCE = 10000;
const RETRIES = [2, 4, 8, 15, 30]; // seconds

const form = document.getElementById("consultation");
const state = document.getElementById("save-state");
const notice = document.getElementById("draft-notice");

let saved = ""; // what the server has, as it was sent
let unanswered = null; // sent, and nobody knows whether it arrived: it is sent again just so, before anything newer
let sending = null;
let timer = 0;
let failures = 0;
let halted = false; // somebody else wrote, or the consultation is over: a person decides
let drafts = null;
let completing = false;
let leaving = false;

function say(kind, words, icon) {
  if (state.dataset.state === kind && state.querySelector("span").textContent === words) return;
  state.dataset.state = kind;
  // All are in the page from the start: without a connection none could be fetched.
  for (const each of state.querySelectorAll("[data-icon]")) each.hidden = each.dataset.icon !== icon;
  state.querySelector("span").textContent = words;
}

function later(seconds) {
  clearTimeout(timer);
  timer = setTimeout(save, seconds * 1000);
}

function changed() {
  const now = snapshot(form);
  if (now === saved && unanswered === null) {
    drafts.drop();
    if (state.dataset.state === "typing") say("saved", "All saved", "COMPLETED");
    return;
  }
  const kept = drafts.keep(now, form.elements.version.value);
  if (halted) return;
  if (failures === 0) say("typing", kept ? "Not saved yet…" : "Not saved yet, and this browser keeps nothing. Stay on the page.", "SCHEDULED");
  if (failures === 0) later(PAUSE / 1000);
}

function send(address, payload, options = {}) {
  const body = new URLSearchParams(payload);
  body.set("csrf_token", form.elements.csrf_token.value);
  body.set("version", form.elements.version.value);
  return fetch(address, {
    method: "POST",
    body,
    headers: { Accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE),
    ...options,
  });
}

function lost(payload) {
  unanswered = payload;
  const seconds = RETRIES[Math.min(failures, RETRIES.length - 1)];
  failures += 1;
  say("lost", `No connection. Your text is kept on this device; trying again in ${seconds} s.`, "offline");
  later(seconds);
}

function halt(kind, words) {
  halted = true;
  clearTimeout(timer);
  say(kind, words, "warning");
}

async function refused(answer) {
  if (answer.status === 401 || answer.type === "opaqueredirect" || answer.status === 403) {
    halt("stopped", "Not saved: you are signed out. Your text is kept on this device; reload and sign in to go on.");
    return;
  }
  if (answer.status !== 409) {
    halt("stopped", "Not saved: the server refused. Your text is kept on this device; reload to try again.");
    return;
  }
  const told = await answer.json();
  halt("stopped", told.problem);
  if (!told.closed) {
    ask("This consultation was changed elsewhere meanwhile.", "Keep what is here", "Take what was saved", () => {
      form.elements.version.value = told.version;
      halted = false;
      unanswered = null;
      save();
    });
  }
}

async function save() {
  clearTimeout(timer);
  if (sending || halted || completing) return sending;
  const payload = unanswered ?? snapshot(form);
  if (payload === saved) return null;
  if (failures === 0) say("saving", "Saving…", "SCHEDULED");
  sending = attempt(payload);
  const more = await sending;
  sending = null;
  return more ? save() : null;
}

// Waits until all that was typed is recorded, or cannot be now; returns whether it is.
async function settle() {
  do await save();
  while (!halted && unanswered === null && (sending || snapshot(form) !== saved));
  return !halted && unanswered === null;
}

// Returns whether something newer waits.
async function attempt(payload) {
  let answer;
  try {
    answer = await send(form.dataset.draft, payload, { keepalive: document.hidden });
    if (answer.status >= 500 || answer.status === 429) throw new Error("try again");
  } catch {
    lost(payload);
    return false;
  }
  failures = 0;
  unanswered = null;
  if (!answer.ok) {
    await refused(answer);
    return false;
  }
  const told = await answer.json();
  form.elements.version.value = told.version;
  saved = payload;
  placeErrors(form, told.errors);
  const left = Object.keys(told.errors).length;
  if (snapshot(form) !== payload) return true;
  if (left) {
    say("partly", `Saved at ${told.saved}, except what is marked`, "warning");
  } else {
    drafts.drop();
    say("saved", `Saved at ${told.saved}`, "COMPLETED");
  }
  return false;
}

async function complete(event) {
  if (event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  if (completing || !(await settle())) return;
  completing = true;
  form.inert = true;
  try {
    const answer = await send(form.action, saved);
    if (answer.status >= 500) throw new Error("try again");
    const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    if (told.location) {
      drafts.drop();
      leaving = true;
      location.assign(told.location);
    } else if (told.errors) {
      form.inert = false;
      placeErrors(form, told.errors, true);
      say("partly", "Not completed: see what is marked", "warning");
    } else {
      halt("stopped", told.problem ?? "Not completed: the server refused. Reload to see the present state.");
    }
  } catch {
    say("lost", "Not completed: the server did not answer. Your text is kept; look at your day before you try again.", "offline");
  } finally {
    completing = false;
    form.inert = false;
  }
}

function ask(words, use, discard, onUse) {
  notice.querySelector("[data-words]").textContent = words;
  const [yes, no] = [notice.querySelector("[data-use]"), notice.querySelector("[data-discard]")];
  yes.textContent = use;
  no.textContent = discard;
  yes.hidden = no.hidden = false;
  yes.onclick = () => {
    notice.hidden = true;
    onUse();
  };
  no.onclick = () => {
    drafts.drop();
    leaving = true;
    location.reload();
  };
  notice.hidden = false;
}

function told(words) {
  notice.querySelector("[data-words]").textContent = words;
  notice.querySelector("[data-use]").hidden = notice.querySelector("[data-discard]").hidden = true;
  notice.hidden = false;
}

function restore() {
  const kept = drafts.found();
  if (!kept || kept.payload === saved) {
    drafts.drop();
    return;
  }
  const at = new Date(kept.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (kept.version === form.elements.version.value) {
    fill(form, kept.payload);
    told(`What was typed here until ${at} and not saved is back.`);
    save();
  } else {
    ask(`Text typed on this device at ${at} was never saved, and this consultation was changed since.`, "Use that text", "Forget it", () => {
      fill(form, kept.payload);
      save();
    });
  }
}

function watch() {
  drafts = new Drafts(form.dataset.consultation, form.dataset.reader);
  saved = snapshot(form);
  form.addEventListener("input", changed);
  form.addEventListener("submit", complete);
  form.addEventListener("click", (event) => {
    const adder = event.target.closest("[data-add]");
    if (adder) addRow(form, adder.dataset.add).querySelector("input").focus();
    const remover = event.target.closest("[data-remove]");
    if (remover) {
      removeRow(remover.closest("[data-row]"));
      changed();
    }
  });
  // Enter in a line leads to the next line, as in a list; only the button completes.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-row] input")) return;
    event.preventDefault();
    const rows = event.target.closest("[data-rows]");
    const next = event.target.closest("[data-row]").nextElementSibling ?? addRow(form, rows.dataset.rows);
    next.querySelector("input").focus();
  });
  document.addEventListener("visibilitychange", () => document.hidden && save());
  window.addEventListener("online", () => save());
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && !drafts.works && snapshot(form) !== saved) event.preventDefault();
  });
  document.querySelector("#abandon form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const { target } = event;
    if (await settle()) drafts.drop(); // what is written is kept with the consultation
    leaving = true;
    target.submit();
  });
  restore();
}

for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, (event) => {
    if (event.detail.xhr.status === 401) return;
    told("The clinic’s server did not answer, so this may not be done. Look again before you repeat it.");
  });
}
watchClicks();
watchToasts();
if (form) watch();

document.body.dataset.ready = "yes";
