/** The back button may bring a page as it was left, or only its old text. When something was changed since, it is loaded anew. */

import { cameBy } from "./dom.js";
import { recall, remember } from "./store.js";

const KEY = "changes"; // counted in all tabs

let known = 0; // to this page

/** Something of ours was changed from this page, which shows it already; its text does not. */
export function noteChange() {
  noteOutdated();
  known += 1;
}

/** Not even this page shows it: who comes back to it sees it anew. */
export function noteOutdated() {
  remember(KEY, count() + 1);
}

export function startChanges() {
  known = (cameBy() === "back_forward" ? history.state?.changes : null) ?? count();
  history.replaceState({ ...history.state, changes: known }, "");
  addEventListener("pageshow", () => known !== count() && location.reload());
}

function count() {
  return recall(KEY, 0);
}
