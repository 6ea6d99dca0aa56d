/** Times as the reader's own clock and language say them. */

import { findAll } from "./dom.js";

export function showLocalTimes() {
  const format = new Intl.DateTimeFormat(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of findAll("[data-time]")) {
    const moment = new Date(time.getAttribute("datetime") ?? "");
    if (!Number.isNaN(moment.getTime())) time.textContent = format.format(moment);
  }
}
