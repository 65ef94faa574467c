// What every page needs.

import { watchClicks, watchToasts } from "./sheets.js";

watchClicks();
watchToasts();
document.querySelector("[data-strip] [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
