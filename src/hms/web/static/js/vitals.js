// The vitals form as it is typed: what cannot be, and what is worth a second look. The server decides all the same.

function judge(input) {
  const text = input.value.trim().replace(",", ".");
  if (!text) return [null, ""];
  const { least, most, low, high } = input.dataset;
  const value = Number(text);
  const whole = "whole" in input.dataset;
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return ["wrong", whole ? "Must be a whole number" : "Must be a number"];
  if (value < Number(least) || value > Number(most)) return ["wrong", `Must be from ${least.replace(/\.0$/, "")} to ${most.replace(/\.0$/, "")}`];
  if (low && (value < Number(low) || value > Number(high))) return ["odd", value < Number(low) ? "Unusually low. Right?" : "Unusually high. Right?"];
  return [null, ""];
}

function show(input, patient) {
  const [kind, words] = judge(input);
  const place = document.getElementById(`${input.id}-says`);
  // Half a number is not wrong yet: "1" on the way to "120" is said only when the field is left.
  if (kind === "wrong" && patient) return;
  input.closest(".field").classList.toggle("has-error", kind === "wrong");
  if (kind === "wrong") input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
  if (place.dataset.said === words && place.textContent) return;
  place.dataset.said = words;
  place.replaceChildren();
  if (!kind) return;
  const said = document.createElement("span");
  said.className = kind;
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  shape.setAttribute("class", "shape");
  shape.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", new URL("../icons.svg#warning", import.meta.url).href);
  shape.append(use);
  said.append(shape, words);
  place.append(said);
}

const isMeasure = (target) => target.matches?.("form[data-vitals] input[data-least]");

document.addEventListener("input", (event) => {
  if (!isMeasure(event.target)) return;
  const wasWrong = event.target.getAttribute("aria-invalid") === "true";
  show(event.target, !wasWrong);
});
document.addEventListener("focusout", (event) => {
  if (isMeasure(event.target)) show(event.target, false);
});
