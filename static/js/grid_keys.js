/** Arrow keys go from picture to picture as they lie on the screen. */

import { findAll } from "./dom.js";

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function startGridKeys() {
  document.addEventListener("keydown", (event) => {
    const here = document.activeElement?.closest(".frame-link");
    const step = STEPS[event.key];
    if (!step || !(here instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = neighbour(here, step);
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  });
}

/**
 * The nearest picture in a direction; what lies aside counts double.
 * @param {HTMLElement} here
 * @param {[number, number]} step
 */
function neighbour(here, [right, down]) {
  const from = middle(here);
  let best;
  let least = Infinity;
  for (const other of findAll("[data-grid] .frame-link")) {
    const to = middle(other);
    const ahead = (to.x - from.x) * right + (to.y - from.y) * down;
    const aside = Math.abs((to.x - from.x) * down) + Math.abs((to.y - from.y) * right);
    if (ahead > 8 && ahead + 2 * aside < least) [best, least] = [other, ahead + 2 * aside];
  }
  return best;
}

/** @param {HTMLElement} part */
function middle(part) {
  const box = part.getBoundingClientRect();
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
