/** What a person typed is kept in the browser, until a form is sent that ends their stay. */

import { noteOutdated } from "./changes.js";
import { forget, recall, remember } from "./store.js";

const DRAFT = "draft";
const SETTINGS = "settings";
const STAY = "stay"; // counted in all tabs

const stay = recall(STAY, 0);

/** @returns {{draft: string, settings: Record<string, string>}} */
export function kept() {
  return { draft: recall(DRAFT, ""), settings: recall(SETTINGS, {}) };
}

/** @param {string} draft @param {Record<string, string>} settings */
export function keep(draft, settings) {
  if (recall(STAY, 0) !== stay) return; // it ended in another tab, or the back button brought an old page
  remember(DRAFT, draft);
  remember(SETTINGS, settings);
}

/** With a logout, and with "Delete everything", so that the next person at this browser reads no words of the last. */
export function startForgetting() {
  addEventListener("submit", (event) => {
    if (!(event.target instanceof Element && event.target.matches("[data-forgets]"))) return;
    remember(STAY, recall(STAY, 0) + 1);
    noteOutdated();
    for (const key of [DRAFT, SETTINGS]) forget(key);
  });
}
