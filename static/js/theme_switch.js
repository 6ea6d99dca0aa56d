/** Dark, light, or as the system says: one button goes round. */

import { find, showOnly, slots } from "./dom.js";
import { gettext } from "./text.js";

const ORDER = ["dark", "light", "auto"];

export function startThemeSwitch() {
  const button = find("[data-theme-switch]");
  if (!button) return;
  const { dataset } = document.documentElement; // theme.js has read the wish already
  show(button, dataset.wish);
  button.hidden = false;
  button.addEventListener("click", () => {
    dataset.wish = ORDER[(ORDER.indexOf(dataset.wish ?? "") + 1) % ORDER.length];
    keep(dataset.wish);
    dispatchEvent(new Event("themechange"));
    show(button, dataset.wish);
  });
}

/**
 * @param {HTMLElement} button
 * @param {string} [wish]
 */
function show(button, wish = ORDER[0]) {
  /** @type {Record<string, string>} */
  const names = { dark: gettext("Theme: dark"), light: gettext("Theme: light"), auto: gettext("Theme: as the system") };
  showOnly(button, wish);
  for (const slot of slots(button, "name")) slot.textContent = names[wish];
  button.title = names[wish];
}

/** A plain word, not JSON: theme.js and the admin read it. @param {string} wish */
function keep(wish) {
  try {
    localStorage.setItem("theme", wish);
  } catch {
    // The theme holds for this page only.
  }
}
