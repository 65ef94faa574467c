// Follow changes without a long-lived connection: ask every two seconds whether the version that we show is still
// the newest, and morph the new board in. A busy hand is not disturbed: focus, scroll, typed text and open sheets stay.

import { setClock, tick } from "./clock.js";

const EVERY = 2000;
const HIDDEN_EVERY = 15000;
const PATIENCE = 8000;

let changes = 0; // counts what the user asks for: an answer that set out before is out of date
let lastFresh = new Date();
let lost = false;

const board = () => document.getElementById("board");

export function noteChange() {
  changes += 1;
}

export function isBusy() {
  return document.querySelector("#board .htmx-request, #board.htmx-request, #sheet .htmx-request") !== null;
}

function showConnection(connected) {
  const now = new Date();
  if (connected) lastFresh = now;
  if (lost === connected) {
    lost = !connected;
    const notice = document.getElementById("connection");
    notice.querySelector("[data-fresh]").textContent = lastFresh.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    notice.hidden = connected;
    document.getElementById("main").classList.toggle("is-stale", !connected);
  }
  for (const element of document.querySelectorAll("[data-freshness]")) {
    const text = connected ? "Up to date" : `Last fresh ${Math.round((now - lastFresh) / 1000)} s ago`;
    if (element.textContent !== text) element.textContent = text;
  }
}

function figures() {
  return [...document.querySelectorAll("#board .figure, #board [data-figure]")].map((figure) => figure.innerText.replace("\n", " ")).join(", ");
}

export function afterMorph() {
  setClock(board());
  tick();
}

async function ask() {
  const shown = board();
  const before = changes;
  const query = location.search;
  const answer = await fetch(shown.dataset.live + query, {
    headers: { "If-None-Match": `"${shown.dataset.tag}"` },
    signal: AbortSignal.timeout(PATIENCE),
    cache: "no-store",
    redirect: "manual",
  });
  if (answer.status === 304) return true;
  if (answer.status === 401 || answer.type === "opaqueredirect") {
    location.reload(); // signed out meanwhile: the server leads to the sign-in page
    return true;
  }
  if (!answer.ok) return false;
  const html = await answer.text();
  if (changes !== before || location.search !== query || isBusy()) return true;
  const said = figures();
  window.Idiomorph.morph(board(), html, { morphStyle: "outerHTML" });
  window.htmx.process(board());
  afterMorph();
  const says = figures();
  if (says !== said) document.getElementById("news").textContent = says;
  return true;
}

async function beat() {
  let connected = false;
  try {
    connected = await ask();
  } catch {
    connected = false; // no answer: refused, cut off, or too slow
  }
  showConnection(connected);
  setTimeout(beat, document.hidden ? HIDDEN_EVERY : EVERY);
}

export function follow() {
  // Not ignoreActiveValue: that would leave out all of a focused row. Only what is being typed is spared.
  window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
    name !== "value" || element !== document.activeElement;
  afterMorph();
  setTimeout(beat, EVERY);
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", () => document.hidden || ask().then(showConnection, () => showConnection(false)));
}
