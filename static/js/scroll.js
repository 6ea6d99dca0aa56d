/** Endless scroll over real page links, and the way back to the same place. */

import { announce } from "./announce.js";
import { cameBy, find, findAll } from "./dom.js";
import { ask } from "./http.js";
import { recall, remember, TAB } from "./store.js";
import { fill, gettext, ngettext } from "./text.js";

const AHEAD = "1500px";
const SLOWEST_MS = 30_000;

let loading = new AbortController();
/** @type {IntersectionObserver} */
let watcher;
let loaded = 1;
let failures = 0;
let isComing = false;

/** @param {() => void} onCards called when new cards are there */
export function startScroll(onCards) {
  watcher = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && more(onCards), { rootMargin: AHEAD });
  addEventListener("pagehide", keepPlace);
  addEventListener("online", watchLink);
  watchLink();
  comeBack(onCards);
}

/**
 * Cards from the server, without their page.
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<DocumentFragment>}
 */
export async function fetchCards(url, signal) {
  const headers = { "X-Requested-With": "fetch", Accept: "application/json" }; // a refusal in words, not as a page
  // "no-store": the back button must never find these cards where a whole page should be.
  const response = await ask(url, { headers, cache: "no-store", signal });
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  return template.content;
}

/**
 * Show other pictures instead.
 * @param {DocumentFragment} cards
 */
export function replaceCards(cards) {
  loading.abort();
  find("[data-grid]")?.replaceChildren(cards);
  loaded = 1;
  watchLink();
}

/** Whether more came. @param {() => void} onCards */
async function more(onCards) {
  const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector("[data-more] a"));
  if (!link || link.dataset.loading) return false;
  link.dataset.loading = "yes";
  const { signal } = (loading = new AbortController());
  try {
    const cards = await fetchCards(link.href, signal);
    failures = 0;
    const count = findAll("[data-card]", cards).length;
    link.closest("[data-more]")?.replaceWith(cards);
    loaded += 1;
    announce(fill(ngettext("%(n)s more picture.", "%(n)s more pictures.", count), { n: count }));
    onCards();
    watchLink();
    return true;
  } catch {
    if (!signal.aborted) tryLater(link);
  }
  return false;
}

/** The link stays: pressing it opens the next page. @param {HTMLAnchorElement} link */
function tryLater(link) {
  delete link.dataset.loading;
  link.textContent = gettext("More pictures did not come. Try again.");
  watcher.disconnect();
  setTimeout(watchLink, Math.min(1000 * 2 ** failures++, SLOWEST_MS));
}

function watchLink() {
  watcher.disconnect();
  const place = find("[data-more]");
  if (place) watcher.observe(place);
}

/** Note how much was loaded, which card was on top and where the keyboard was. */
function keepPlace() {
  if (isComing) return; // it was left before it was there again
  const card = findAll("[data-card]").find((one) => one.getBoundingClientRect().bottom > 0);
  /** @type {HTMLElement | null | undefined} */
  const keyboard = find(".frame-link:focus-visible")?.closest("[data-card]");
  /** @type {Place} */
  const place = { loaded, id: card?.dataset.id, top: card?.getBoundingClientRect().top, down: scrollY, keyboard: keyboard?.dataset.id };
  remember(placeKey(), place, TAB);
}

/** After the back button, when the browser did not keep the page itself. @param {() => void} onCards */
async function comeBack(onCards) {
  if (cameBy() !== "back_forward" && cameBy() !== "reload") return;
  /** @type {Place} */
  const place = recall(placeKey(), { loaded: 1, down: 0 }, TAB);
  isComing = true;
  while (loaded < place.loaded && (await more(onCards)));
  isComing = false;
  const free = document.activeElement === document.body; // nobody types in the search by now
  if (place.keyboard && free) find(`[data-card][data-id="${place.keyboard}"] .frame-link`)?.focus({ preventScroll: true });
  if (place.down) goTo(place);
}

/** @typedef {{loaded: number, down: number, id?: string, top?: number, keyboard?: string}} Place */

/** Pictures may have come or gone above it. @param {Place} place */
function goTo({ id, top = 0, down }) {
  const card = find(`[data-card][data-id="${id}"]`);
  const at = card ? scrollY + card.getBoundingClientRect().top - top : down;
  scrollTo({ top: at, behavior: "instant" });
}

function placeKey() {
  return `place:${location.pathname}${location.search}`;
}
