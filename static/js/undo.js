/** What goes away from a page can come back to its place. */

import { announce } from "./announce.js";
import { find } from "./dom.js";
import { Refused } from "./http.js";
import { gettext } from "./text.js";
import { toast } from "./toast.js";

/** @typedef {{card: HTMLElement, parent: Element, before: Element | null, after: Element | null, list: string}} Place */

/**
 * A note with Undo; what cannot be undone now can be tried again.
 * @param {string} words
 * @param {() => Promise<void>} undo
 */
export function offerUndo(words, undo) {
  toast(words, async () => {
    try {
      await undo();
      announce(gettext("It is back."));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      offerUndo(error.message, undo);
      if (document.activeElement === document.body) find("[data-note] button")?.focus(); // the pressed one went
    }
  });
}

/**
 * Remove a card; the keyboard goes on from its neighbour.
 * @param {HTMLElement} card
 * @returns {Place}
 */
export function takeOut(card) {
  const [before, after] = [card.previousElementSibling, card.nextElementSibling];
  const parent = /** @type {Element} */ (card.parentElement);
  const neighbour = [after, before].find((other) => other?.matches("[data-card]"));
  card.remove();
  (neighbour ? focusable(neighbour) : find("#main"))?.focus({ preventScroll: true });
  return { card, parent, before, after, list: location.search };
}

/** Where it was, or first in the same list: a search may show others by now. @param {Place} place */
export function putBack({ card, parent, before, after, list }) {
  if (after?.parentElement === parent) after.before(card);
  else if (before?.parentElement === parent) before.after(card);
  else if (list === location.search) parent.prepend(card);
}

/** The keyboard goes on from what came back, or from the list that is shown by now. @param {HTMLElement} card */
export function goOnFrom(card) {
  (card.isConnected ? focusable(card) : find("#main"))?.focus();
}

/** @param {Element} card */
function focusable(card) {
  return find(".frame-link, button, a", card);
}
