/** What is done with all chosen pictures at once: star, delete with undo, download as one zip. */

import { showStar } from "./actions.js";
import { findAll } from "./dom.js";
import { post, Refused, token } from "./http.js";
import { fill, gettext, ngettext } from "./text.js";
import { toast } from "./toast.js";
import { goOnFrom, offerUndo, putBack, takeOut } from "./undo.js";

const MOST = 500; // in one request

/**
 * Whether it was done.
 * @param {HTMLElement} bar
 * @param {string} action
 * @param {HTMLElement[]} cards
 */
export async function bulk(bar, action, cards) {
  try {
    if (action === "zip") return await download(bar, cards);
    await change(bar, action, cards);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
    return false;
  }
  if (action === "delete") removeAll(bar, cards);
  else cards.flatMap((card) => findAll('[data-action="star"]', card)).forEach((button) => showStar(button, true));
  return true;
}

/**
 * @param {HTMLElement} bar
 * @param {string} action
 * @param {HTMLElement[]} cards
 */
async function change(bar, action, cards) {
  for (let at = 0; at < cards.length; at += MOST) {
    const ids = cards.slice(at, at + MOST).map((card) => ["id", card.dataset.id ?? ""]);
    await post(bar.dataset.bulkUrl ?? "", new URLSearchParams([["action", action], ...ids]));
  }
}

/**
 * @param {HTMLElement} bar
 * @param {HTMLElement[]} cards
 */
function removeAll(bar, cards) {
  const places = cards.map(takeOut).reverse();
  const words = fill(ngettext("%(n)s picture deleted.", "%(n)s pictures deleted.", cards.length), { n: cards.length });
  offerUndo(words, async () => {
    await change(bar, "restore", cards);
    places.forEach(putBack);
    goOnFrom(cards[0]);
  });
}

/**
 * First the question whether they can come, so that a no is told here. Then a form and not a link, because an address
 * has no room for hundreds of pictures.
 * @param {HTMLElement} bar
 * @param {HTMLElement[]} cards
 */
async function download(bar, cards) {
  const { zipUrl = "" } = bar.dataset;
  const ids = cards.map((card) => ["id", card.dataset.id ?? ""]);
  if (ids.length > MOST) throw new Refused(fill(gettext("One download has room for %(most)s pictures. Choose fewer."), { most: MOST }), 0);
  await post(zipUrl, new URLSearchParams([["ask", "1"], ...ids]));
  const action = `${zipUrl}?${new URLSearchParams({ told_at: location.pathname + location.search })}`;
  const form = Object.assign(document.createElement("form"), { method: "post", action, hidden: true });
  for (const [name, value] of [["csrfmiddlewaretoken", token(document)], ...ids]) {
    form.append(Object.assign(document.createElement("input"), { name, value }));
  }
  document.body.append(form);
  form.submit();
  form.remove();
  return false; // they stay chosen
}
