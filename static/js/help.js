/** The sheet that names the keys, and the switch that turns them off. */

import { find } from "./dom.js";
import { recall, remember } from "./store.js";

const KEY = "single-keys";

export function startHelp() {
  const [open, sheet] = [find("[data-help]"), helpSheet()];
  if (!open || !sheet) return;
  open.hidden = false;
  open.addEventListener("click", showHelp);
  find("[data-close]", sheet)?.addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  const box = /** @type {HTMLInputElement} */ (find("[data-keys-on]", sheet));
  box.checked = areKeysOn();
  box.addEventListener("change", () => remember(KEY, box.checked));
}

export function showHelp() {
  helpSheet()?.showModal();
}

export function areKeysOn() {
  return recall(KEY, true);
}

/** @returns {HTMLDialogElement | null} */
function helpSheet() {
  return document.querySelector("[data-help-sheet]");
}
