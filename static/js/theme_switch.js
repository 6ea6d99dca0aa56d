/** Dark, light, or as the system says: one button goes round. */

import { find, showOnly, slots } from "./dom.js";
import { gettext } from "./text.js";

const ORDER = ["dark", "light", "auto"];

export function startThemeSwitch() {
  const button = find("[data-theme-switch]");
  if (!button) return;
  let wish = readWish();
  show(button, wish);
  button.hidden = false;
  button.addEventListener("click", () => {
    wish = ORDER[(ORDER.indexOf(wish) + 1) % ORDER.length];
    writeWish(wish);
    dispatchEvent(new CustomEvent("themechange", { detail: wish }));
    show(button, wish);
  });
}

/**
 * @param {HTMLElement} button
 * @param {string} wish
 */
function show(button, wish) {
  /** @type {Record<string, string>} */
  const names = { dark: gettext("Theme: dark"), light: gettext("Theme: light"), auto: gettext("Theme: as the system") };
  showOnly(button, wish);
  for (const slot of slots(button, "name")) slot.textContent = names[wish];
  button.title = names[wish];
}

/** A plain word, not JSON: theme.js reads it before anything else runs. */
function readWish() {
  try {
    const wish = localStorage.getItem("theme") ?? "";
    return ORDER.includes(wish) ? wish : ORDER[0];
  } catch {
    return ORDER[0];
  }
}

/** @param {string} wish */
function writeWish(wish) {
  try {
    localStorage.setItem("theme", wish);
  } catch {
    // The theme holds for this page only.
  }
}
