// The consultation's fields and lines as one text, and back; and what is wrong with them, each beside its field.

const LINES = { diagnosis: "diagnosis", prescriptions: "medicine" };
const APART = new Set(["csrf_token", "version"]);

export function snapshot(form) {
  const all = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (!APART.has(name)) all.append(name, value);
  return all.toString();
}

export function addRow(form, kind) {
  const rows = form.querySelector(`[data-rows="${kind}"]`);
  rows.append(document.getElementById(`new-${kind}`).content.cloneNode(true));
  return rows.lastElementChild;
}

export function removeRow(row) {
  const rows = row.closest("[data-rows]");
  const beside = row.nextElementSibling ?? row.previousElementSibling;
  if (beside) {
    row.remove();
    beside.querySelector("input").focus();
  } else {
    for (const input of row.querySelectorAll("input")) input.value = "";
    for (const place of row.querySelectorAll("[data-says]")) place.replaceChildren();
    rows.querySelector("input").focus();
  }
}

export function fill(form, payload) {
  const values = new URLSearchParams(payload);
  for (const name of ["complaint", "notes"]) form.elements[name].value = values.get(name) ?? "";
  for (const [kind, first] of Object.entries(LINES)) {
    const rows = form.querySelector(`[data-rows="${kind}"]`);
    const count = Math.max(1, values.getAll(first).length);
    while (rows.children.length < count) addRow(form, kind);
    while (rows.children.length > count) rows.lastElementChild.remove();
    [...rows.children].forEach((row, place) => {
      for (const input of row.querySelectorAll("input")) input.value = values.getAll(input.name)[place] ?? "";
    });
  }
}

function show(place, words) {
  place.replaceChildren();
  if (!words) return;
  const said = document.createElement("span");
  said.className = "wrong";
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  shape.setAttribute("class", "shape");
  shape.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", new URL("../icons.svg#warning", import.meta.url).href);
  shape.append(use);
  said.append(shape, words);
  place.append(said);
}

function placeOf(form, key) {
  const [kind, row, name] = key.split(".");
  if (row === undefined) return form.querySelector(`[data-says="${kind}"]`);
  return form.querySelector(`[data-rows="${kind}"]`).children[Number(row)]?.querySelector(`[data-says="${name}"]`);
}

export function placeErrors(form, errors, goThere = false) {
  for (const place of form.querySelectorAll("[data-says]")) show(place, "");
  for (const field of form.querySelectorAll(".has-error")) field.classList.remove("has-error");
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  let first = null;
  for (const [key, words] of Object.entries(errors)) {
    const place = placeOf(form, key);
    if (!place) continue;
    show(place, words);
    if (!key.includes(".")) place.closest("[data-field]").classList.add("has-error");
    const inputs = (place.closest("[data-row]") ?? place.closest("[data-field]")).querySelectorAll("input, textarea");
    const name = { text: "diagnosis" }[key.split(".")[2]] ?? key.split(".")[2];
    const input = [...inputs].find((each) => each.name === name) ?? inputs[0];
    input.setAttribute("aria-invalid", "true");
    first ??= input;
  }
  if (goThere) first?.focus();
}
