// Lists with ticks: all at once, how many; and choices that show their result by themselves.

const boxes = (form) => [...form.querySelectorAll('input[type="checkbox"][name]')];

function count(form) {
  const ticked = boxes(form).filter((box) => box.checked).length;
  form.querySelector("[data-count]").textContent = ticked ? `(${ticked})` : "";
  const all = form.querySelector("[data-all]");
  all.checked = ticked > 0 && ticked === boxes(form).length;
  all.indeterminate = ticked > 0 && !all.checked;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.submit();
  const form = event.target.closest("form[data-ticks]");
  if (!form) return;
  if (event.target.matches("[data-all]")) for (const box of boxes(form)) box.checked = event.target.checked;
  count(form);
});
for (const form of document.querySelectorAll("form[data-ticks]")) count(form); // a browser may remember ticks
document.body.classList.add("is-scripted");
