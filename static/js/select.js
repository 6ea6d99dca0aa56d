/** Choose many pictures: with a click, shift-click or the keys x, Shift+arrow, Ctrl+A; then star, download or delete. */

import { takeOut } from "./actions.js";
import { announce } from "./announce.js";
import { promptOf } from "./card.js";
import { find, findAll, isTyping, slots } from "./dom.js";
import { post, Refused } from "./http.js";
import { fill, gettext, ngettext } from "./text.js";
import { toast } from "./toast.js";

/** @type {Set<HTMLElement>} */
const picked = new Set();
/** @type {HTMLElement | null} */
let last = null;
let isPicking = false;

export function startSelection() {
  const bar = find("[data-selection]");
  const mode = find("[data-select-mode]");
  if (!bar || !mode) return;
  mode.hidden = false;
  mode.addEventListener("click", () => setPicking(!isPicking));
  find("[data-clear]", bar)?.addEventListener("click", () => setPicking(false));
  for (const button of findAll("[data-bulk]", bar)) button.addEventListener("click", () => bulk(bar, button.dataset.bulk ?? ""));
  find("[data-grid]")?.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  offerPicks();
}

/** Every picture of one's own gets its box. */
export function offerPicks() {
  if (!find("[data-selection]")) return;
  for (const card of ownCards()) {
    if (find(".pick", card)) continue;
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", className: "form-check-input" });
    box.setAttribute("aria-label", fill(gettext("Choose: %(prompt)s"), { prompt: promptOf(card).slice(0, 80) }));
    label.className = "pick";
    label.append(box);
    find(".frame", card)?.append(label);
  }
}

function ownCards() {
  return findAll('[data-grid] [data-card][data-owned][data-state="succeeded"]');
}

/** @param {MouseEvent} event */
function onClick(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const card = /** @type {HTMLElement | null} */ (target.closest("[data-card][data-owned]"));
  if (!card) return;
  const onBox = target instanceof HTMLInputElement;
  if (!onBox && !(target.closest(".frame-link") && (isPicking || event.shiftKey))) return;
  if (!onBox) event.preventDefault();
  if (event.shiftKey && last) pickRange(last, card);
  else setPicked(card, onBox ? target.checked : !picked.has(card));
  last = card;
  show();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (isTyping(event)) return;
  const card = /** @type {HTMLElement | null} */ (document.activeElement?.closest("[data-card][data-owned]") ?? null);
  if (event.key === "Escape" && isPicking) setPicking(false);
  else if (event.key === "x" && card) setPicked(card, !picked.has(last = card));
  else if (event.key === "a" && (event.ctrlKey || event.metaKey) && isPicking) ownCards().forEach((one) => setPicked(one, true));
  else if (event.key === "Delete" && picked.size) find('[data-bulk="delete"]')?.click();
  else if (event.shiftKey && event.key.startsWith("Arrow") && card && last) pickRange(last, card);
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
  if (!on) [...picked].forEach((card) => setPicked(card, false));
  show();
}

function show() {
  const bar = /** @type {HTMLElement} */ (find("[data-selection]"));
  isPicking ||= picked.size > 0;
  bar.hidden = !isPicking;
  document.body.classList.toggle("has-selection", isPicking);
  find("[data-grid]")?.classList.toggle("picking", isPicking);
  find("[data-select-mode]")?.setAttribute("aria-pressed", String(isPicking));
  const words = fill(ngettext("%(n)s chosen", "%(n)s chosen", picked.size), { n: picked.size });
  for (const slot of slots(bar, "count")) slot.textContent = words;
  for (const zip of slots(bar, "zip")) zip.setAttribute("href", `${bar.dataset.zipUrl}?${ids([...picked])}`);
  announce(words);
}

/** @param {HTMLElement[]} cards */
function ids(cards) {
  return new URLSearchParams(cards.map((card) => ["id", card.dataset.id ?? ""]));
}

/**
 * @param {HTMLElement} bar
 * @param {string} action
 */
async function bulk(bar, action) {
  const cards = [...picked];
  if (!cards.length) return;
  try {
    await act(bar, action, cards);
    setPicking(false);
    if (action === "delete") removeAll(bar, cards);
    else cards.forEach(star);
  } catch (error) {
    toast(error instanceof Refused ? error.message : gettext("This did not work. Try again in a moment."));
  }
}

/**
 * @param {HTMLElement} bar
 * @param {string} action
 * @param {HTMLElement[]} cards
 */
function act(bar, action, cards) {
  const fields = ids(cards);
  fields.set("action", action);
  return post(bar.dataset.bulkUrl ?? "", fields);
}

/** @param {HTMLElement} card */
function star(card) {
  card.dataset.starred = "";
  const button = card.querySelector('[data-action="star"]');
  button?.setAttribute("aria-pressed", "true");
  button?.setAttribute("value", "0");
}

/**
 * @param {HTMLElement} bar
 * @param {HTMLElement[]} cards
 */
function removeAll(bar, cards) {
  const places = cards.map(takeOut);
  const words = fill(ngettext("%(n)s picture deleted.", "%(n)s pictures deleted.", cards.length), { n: cards.length });
  toast(words, {
    undo: async () => {
      await act(bar, "restore", cards);
      for (const { card, parent, after } of places.reverse()) parent.insertBefore(card, after?.parentElement === parent ? after : null);
    },
  });
}
