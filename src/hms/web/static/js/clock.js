// The hospital's clock in the page, and every time that counts up by it.
// The server gives the instant and the speed (a demo's clock may run faster); the rest is this machine's stopwatch.

let origin = Date.now();
let started = performance.now();
let speed = 1;

export function setClock(board) {
  origin = Number(board.dataset.now);
  speed = Number(board.dataset.speed);
  started = performance.now();
}

export function hospitalNow() {
  return origin + (performance.now() - started) * speed;
}

function words(milliseconds) {
  const total = Math.max(0, Math.floor(milliseconds / 60000));
  return total < 120 ? `${total} min` : `${Math.floor(total / 60)} h ${String(total % 60).padStart(2, "0")} min`;
}

export function tick(root = document) {
  const now = hospitalNow();
  for (const element of root.querySelectorAll("[data-since]")) {
    const { since, warm, hot, tone } = element.dataset;
    const count = element.querySelector("[data-count]");
    const text = words(now - Number(since));
    if (count.textContent !== text) count.textContent = text;
    const next = now >= Number(hot) ? "hot" : now >= Number(warm) ? "warm" : tone === "plain" ? "plain" : "calm";
    if (tone !== next) element.dataset.tone = next;
  }
}
