/** Choose many pictures: with a click, shift-click or the keys x, Shift+arrow, Ctrl+A; then star, download or delete. */

import { announce } from "./announce.js";
import { bulk } from "./bulk.js";
import { promptOf } from "./card.js";
import { find, findAll, isTyping, slots } from "./dom.js";
import { areKeysOn } from "./help.js";
import { beginning, fill, gettext, ngettext } from "./text.js";

/** @type {Set<HTMLElement>} */
const picked = new Set();
/** @type {HTMLElement | null} */
let last = null; // where a range begins
/** @type {HTMLElement | null} */
let before = null; // where the keyboard was when the key was pressed, which may move it
let isPicking = false;
let isBusy = false;

export function startSelection() {
  const bar = find("[data-selection]");
  const mode = find("[data-select-mode]");
  if (!bar || !mode) return;
  mode.hidden = false;
  mode.addEventListener("click", () => setPicking(!isPicking));
  find("[data-clear]", bar)?.addEventListener("click", () => setPicking(false));
  for (const button of findAll("[data-bulk]", bar)) button.addEventListener("click", () => act(bar, button.dataset.bulk ?? ""));
  find("[data-grid]")?.addEventListener("click", onClick);
  document.addEventListener("keydown", () => (before = cardOf(document.activeElement)), true);
  document.addEventListener("keydown", onKey);
  offerPicks();
}

/** Every picture of one's own gets its box; what is on the page no more is not chosen. */
export function offerPicks() {
  if (!find("[data-selection]")) return;
  if (dropGone()) show();
  for (const card of ownCards()) {
    if (find(".pick", card)) continue;
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input" });
    box.setAttribute("aria-label", fill(gettext("Choose: %(prompt)s"), { prompt: beginning(promptOf(card), 80) }));
    label.className = "pick";
    label.append(box);
    find(".frame", card)?.append(label);
  }
}

/** Whether some of the chosen ones had gone: deleted, or replaced by a search. */
function dropGone() {
  const gone = [...picked].filter((card) => !card.isConnected);
  gone.forEach((card) => setPicked(card, false));
  return gone.length > 0;
}

/**
 * @param {HTMLElement} bar
 * @param {string} action
 */
async function act(bar, action) {
  dropGone();
  if (isBusy || !picked.size) return;
  isBusy = true;
  const isDone = await bulk(bar, action, [...picked]).finally(() => (isBusy = false));
  if (isDone) setPicking(false);
}

function ownCards() {
  return findAll('[data-grid] [data-card][data-owned][data-state="succeeded"]');
}

/** One's own card there. @param {EventTarget | null} part @returns {HTMLElement | null} */
function cardOf(part) {
  return part instanceof Element ? part.closest("[data-card][data-owned]") : null;
}

/** @param {MouseEvent} event */
function onClick(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const card = cardOf(target);
  if (!card) return stayWhilePicking(event, target);
  const onBox = target instanceof HTMLInputElement;
  if (!onBox && !(target.closest(".frame-link") && (isPicking || event.shiftKey))) return;
  if (!onBox) event.preventDefault();
  if (event.shiftKey && last?.isConnected) pickRange(last, card);
  else setPicked(card, onBox ? target.checked : !picked.has(card));
  last = card;
  show();
}

/** To open a picture that cannot be chosen would lose the choice. @param {MouseEvent} event @param {HTMLElement} target */
function stayWhilePicking(event, target) {
  if (isPicking && target.closest(".frame-link")) event.preventDefault();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (isTyping(event) || document.querySelector("dialog[open]")) return;
  const card = cardOf(document.activeElement);
  if (event.key === "Escape" && isPicking) setPicking(false);
  else if (event.key === "x" && areKeysOn() && card && !event.ctrlKey && !event.metaKey) setPicked(card, !picked.has(last = card));
  else if (event.key === "a" && (event.ctrlKey || event.metaKey) && isPicking) ownCards().forEach((one) => setPicked(one, true));
  else if (event.key === "Delete" && picked.size) find('[data-bulk="delete"]')?.click();
  else if (event.shiftKey && event.key.startsWith("Arrow") && card) pickRange((last = last?.isConnected ? last : (before ?? card)), card);
  else return;
  event.preventDefault();
  show();
}

/**
 * @param {HTMLElement} from
 * @param {HTMLElement} to
 */
function pickRange(from, to) {
  const cards = ownCards();
  const [start, end] = [cards.indexOf(from), cards.indexOf(to)].sort((a, b) => a - b);
  cards.slice(Math.max(start, 0), end + 1).forEach((card) => setPicked(card, true));
}

/**
 * @param {HTMLElement} card
 * @param {boolean} isPicked
 */
function setPicked(card, isPicked) {
  isPicked ? picked.add(card) : picked.delete(card);
  card.classList.toggle("picked", isPicked);
  const box = /** @type {HTMLInputElement | null} */ (card.querySelector(".pick input"));
  if (box) box.checked = isPicked;
}

/** @param {boolean} on */
function setPicking(on) {
  isPicking = on;
  if (!on) {
    [...picked].forEach((card) => setPicked(card, false));
    last = null;
  }
  show();
}

function show() {
  const bar = /** @type {HTMLElement} */ (find("[data-selection]"));
  dropGone();
  isPicking ||= picked.size > 0;
  if (!isPicking && bar.contains(document.activeElement)) find("[data-select-mode]")?.focus();
  bar.hidden = !isPicking;
  document.body.classList.toggle("has-selection", isPicking);
  find("[data-grid]")?.classList.toggle("picking", isPicking);
  find("[data-select-mode]")?.setAttribute("aria-pressed", String(isPicking));
  const words = fill(ngettext("%(n)s chosen", "%(n)s chosen", picked.size), { n: picked.size });
  for (const slot of slots(bar, "count")) slot.textContent = words;
  announce(words);
}
