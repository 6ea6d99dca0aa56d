/** The back button may bring a page as it was left. When something was changed since, it is loaded anew. */

import { recall, remember } from "./store.js";

const KEY = "changes"; // counted in all tabs

let known = 0;

/** Something of ours was changed from this page, which shows it already. */
export function noteChange() {
  remember(KEY, count() + 1);
  know(known + 1);
}

export function startChanges() {
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  know((entry?.type === "back_forward" ? history.state?.changes : null) ?? count());
  addEventListener("pageshow", () => known !== count() && location.reload());
}

/** The page's place in the history knows it, too: the browser may have kept only the page's text. @param {number} changes */
function know(changes) {
  known = changes;
  history.replaceState({ ...history.state, changes }, "");
}

function count() {
  return recall(KEY, 0);
}
