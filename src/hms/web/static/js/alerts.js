// The panel of patients who wait: asks every two seconds, tells what is new, by voice, and by sound where that is on.

const EVERY = 2000;
const HIDDEN_EVERY = 10000;
const PATIENCE = 8000;
const SOUND = "hms.alerts.sound";

const panel = () => document.getElementById("alerts");
const sounds = () => localStorage.getItem(SOUND) === "on";

let audio = null;
let turn = 0; // counts what the user did: an answer that set out before is out of date

function ring() {
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.15, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.6);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.6);
}

function showSound() {
  const button = panel().querySelector("[data-sound]");
  if (!button) return;
  button.setAttribute("aria-pressed", String(sounds()));
  button.textContent = sounds() ? "Sound is on" : "Sound is off";
}

function show(html) {
  const old = panel();
  const known = new Set((old.dataset.active ?? "").split(" "));
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  const first = !old.dataset.tag; // what is there when the page opens is no news
  old.outerHTML = html;
  const now = panel();
  showSound();
  if (focused) (document.getElementById(focused) ?? now.querySelector("button[id]"))?.focus();
  const fresh = (now.dataset.active ?? "").split(" ").filter((id) => id && !known.has(id));
  if (first || !fresh.length) return;
  document.getElementById("alert-news").textContent = now.dataset.news;
  if (sounds()) ring();
}

async function fetched(address, options) {
  const before = turn;
  const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE), cache: "no-store", redirect: "manual" });
  if (answer.status === 304 || before !== turn) return;
  if (answer.ok || answer.status === 409) show(await answer.text());
}

async function act(form) {
  turn += 1;
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  try {
    await fetched(form.action, { method: "POST", body: new FormData(form), headers: { "X-Panel": "1" } });
  } catch {
    form.submit(); // no answer in time: the whole page tells why
  }
}

async function beat() {
  try {
    await fetched(panel().dataset.live, { headers: { "If-None-Match": `"${panel().dataset.tag}"` } });
  } catch {
    // no answer now; the next one will do
  }
  setTimeout(beat, document.hidden ? HIDDEN_EVERY : EVERY);
}

document.addEventListener("submit", (event) => {
  if (!panel()?.contains(event.target)) return;
  event.preventDefault();
  act(event.target);
});
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#alerts [data-sound]")) return;
  localStorage.setItem(SOUND, sounds() ? "off" : "on");
  showSound();
  if (sounds()) ring();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "a" || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target instanceof Element && event.target.matches("input, select, textarea, [contenteditable]")) return;
  const button = panel()?.querySelector("[data-take]");
  if (!button) return;
  event.preventDefault();
  act(button.form);
});
if (panel()) beat();
