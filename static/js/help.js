/** The sheet that names the keys, and the switch that turns them off. */

import { find, isTyping } from "./dom.js";
import { recall, remember } from "./store.js";

const KEY = "single-keys";

export function startHelp() {
  const open = find("[data-help]");
  const sheet = /** @type {HTMLDialogElement | null} */ (find("[data-help-sheet]"));
  if (!open || !sheet) return;
  open.hidden = false;
  open.addEventListener("click", () => sheet.showModal());
  find("[data-close]", sheet)?.addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  const box = /** @type {HTMLInputElement} */ (find("[data-keys-on]", sheet));
  box.checked = areKeysOn();
  box.addEventListener("change", () => remember(KEY, box.checked));
  document.addEventListener("keydown", (event) => {
    if (event.key === "?" && areKeysOn() && !isTyping(event) && !sheet.open) sheet.showModal();
  });
}

export function areKeysOn() {
  return recall(KEY, true);
}
