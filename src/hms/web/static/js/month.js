// The month: a calendar component shows what the page brought along; moving on is the page's own links' work.

import { showTab } from "./tabs.js";

const place = document.getElementById("month");
const entries = JSON.parse(document.getElementById("month-entries").textContent);

window.EventCalendar.create(place, {
  view: "dayGridMonth",
  date: place.dataset.date,
  locale: place.dataset.locale,
  firstDay: 1,
  height: "auto",
  headerToolbar: { start: "", center: "", end: "" },
  eventStartEditable: false,
  eventDurationEditable: false,
  highlightedDates: [place.dataset.today],
  displayEventEnd: false,
  events: entries.map((entry, order) => ({
    id: entry.id,
    start: entry.start,
    end: entry.end,
    allDay: true,
    title: entry.title,
    classNames: [`month-${entry.kind}`],
    extendedProps: { url: entry.url, short: entry.short, order },
  })),
  eventOrder: (one, other) => one.extendedProps.order - other.extendedProps.order,
  eventContent: ({ event }) => {
    const link = document.createElement("a");
    link.href = event.extendedProps.url;
    for (const [length, text] of [["long", event.title], ["short", event.extendedProps.short]]) {
      const words = document.createElement("span");
      words.className = length;
      words.textContent = text;
      link.append(words);
    }
    link.title = event.title;
    const day = document.createElement("span");
    day.className = "unseen";
    day.textContent = `${event.start.toLocaleDateString(place.dataset.locale, { weekday: "long", day: "numeric", month: "long" })}: `;
    link.prepend(day);
    return { domNodes: [link] };
  },
});

// The component calls itself a table and isn't one: as plain text, dates and links read in order.
function plain() {
  for (const name of ["role", "aria-colindex", "aria-rowindex", "aria-colspan", "aria-rowspan"]) {
    for (const element of place.querySelectorAll(`[${name}]`)) element.removeAttribute(name);
  }
}
plain();
new MutationObserver(plain).observe(place, { subtree: true, childList: true });

document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-go]")) location.assign(event.target.value);
});
showTab();
document.body.dataset.ready = "yes";
