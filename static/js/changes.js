/** A page that the browser kept, as it was, is loaded anew when something was changed since, here or in another tab. */

import { recall, remember } from "./store.js";

const KEY = "changes";

let known = count();

/** Something of ours was changed from this page, which shows it already. */
export function noteChange() {
  known += 1;
  remember(KEY, count() + 1);
}

/** The back button brings back the page as it was left. */
export function startChanges() {
  addEventListener("pageshow", (event) => {
    if (event.persisted && count() !== known) location.reload();
  });
}

function count() {
  return recall(KEY, 0);
}
