// Dialogs that slide over the page, and the notices at its foot.

const TOAST_SECONDS = 12;

export function open(id) {
  const sheet = document.getElementById(id);
  if (!sheet.open) sheet.showModal();
}

export function close(id) {
  const sheet = document.getElementById(id);
  if (sheet.open) sheet.close();
}

function dismissLater(toast) {
  if (toast.dataset.seen) return;
  toast.dataset.seen = "yes";
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
  if (!toast.classList.contains("bad")) setTimeout(leave, TOAST_SECONDS * 1000);
}

export function watchToasts() {
  const toasts = document.getElementById("toasts");
  const seen = () => toasts.querySelectorAll("[data-toast]").forEach(dismissLater);
  new MutationObserver(seen).observe(toasts, { childList: true });
  seen();
}

export function watchClicks() {
  document.addEventListener("click", (event) => {
    const target = event.target;
    if (!(target instanceof Element)) return;
    const opener = target.closest("[data-open]");
    if (opener) open(opener.dataset.open);
    if (target.closest("[data-close]")) target.closest("dialog")?.close();
    if (target.closest("[data-dismiss]")) target.closest("[data-toast]").remove();
    if (target instanceof HTMLDialogElement && target.open) target.close(); // a click on the veil
  });
}
