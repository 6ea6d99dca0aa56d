/** The seed: empty means a new one each time (open lock), a number is kept (closed lock), the dice throws another. */

import { find, showOnly } from "./dom.js";

const SEEDS = 2 ** 32;

/** @param {HTMLFormElement} form */
export function startSeed(form) {
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("seed"));
  const [dice, lock] = ["[data-dice]", "[data-lock]"].map((name) => /** @type {HTMLElement} */ (find(name, form)));
  const set = (/** @type {string} */ value) => {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const show = () => {
    const kept = field.value.trim() !== "";
    lock.setAttribute("aria-pressed", String(kept));
    showOnly(lock, kept ? "closed" : "open");
  };
  dice.hidden = lock.hidden = false;
  dice.addEventListener("click", () => set(throwDice()));
  lock.addEventListener("click", () => set(field.value.trim() ? "" : throwDice()));
  form.addEventListener("input", show);
  show();
}

function throwDice() {
  return String(Math.floor(Math.random() * SEEDS));
}
