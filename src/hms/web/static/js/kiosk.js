// The kiosk forgets: after a while without a touch, whatever was typed or shown makes room for the next patient.

const kiosk = document.querySelector("[data-kiosk]");
const start = () => location.replace(kiosk.dataset.start);
let idle;

function wait() {
  clearTimeout(idle);
  idle = setTimeout(start, Number(kiosk.dataset.idle) * 1000);
}

for (const touch of ["pointerdown", "keydown", "input"]) document.addEventListener(touch, wait);
addEventListener("pageshow", (event) => event.persisted && start()); // nothing typed comes back by the back button

// A reader of cards types the number and Enter: go on with the birth date instead of sending half a form.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.id !== "mrn" || document.getElementById("year").value) return;
  event.preventDefault();
  document.getElementById("day").focus();
});

// Two digits of a day or month are all there can be.
document.addEventListener("input", (event) => {
  const next = { day: "month", month: "year" }[event.target.id];
  if (next && event.target.value.length === 2) document.getElementById(next).focus();
});

wait();
