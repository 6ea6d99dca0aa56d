/** The arrows of a picture follow the list one came from: a search, one's own pictures, the starred ones. */

import { find, findAll } from "./dom.js";
import { recall, remember, tab } from "./store.js";

const KEY = "order";

/** Note the addresses of the cards; all pictures have the order that the server knows. */
export function keepOrder() {
  addEventListener("pagehide", () => {
    const links = location.search ? findAll("[data-grid] .frame-link") : [];
    remember(KEY, links.map((link) => link.getAttribute("href")), tab());
  });
}

export function followOrder() {
  const order = known();
  const at = order.indexOf(location.pathname);
  if (at < 0) return;
  point("[data-previous]", order[at - 1]);
  point("[data-next]", order[at + 1]);
}

/** This picture was deleted. */
export function leaveOrder() {
  remember(KEY, known().filter((path) => path !== location.pathname), tab());
}

/** @returns {string[]} */
function known() {
  return recall(KEY, [], tab());
}

/**
 * @param {string} selector
 * @param {string | undefined} address
 */
function point(selector, address) {
  const link = find(selector);
  if (address) link?.setAttribute("href", address);
  else link?.remove();
}
