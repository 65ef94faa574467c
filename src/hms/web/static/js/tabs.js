// On a narrow screen, the tab that is open is in view.

export function showTab() {
  const tab = document.querySelector(".tabs [aria-current]");
  const bar = tab?.closest(".tabs");
  if (bar) bar.scrollLeft = tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}
