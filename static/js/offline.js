/** Without a connection another page would be the browser's own error page. This one stays instead, and says so. */

import { ask, Refused } from "./http.js";
import { toast } from "./toast.js";

/** @type {HTMLAnchorElement | null} */
let reached = null;

export function startStaying() {
  document.addEventListener("click", onLink);
}

/** @param {MouseEvent} event */
function onLink(event) {
  const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (event.target).closest("a[href]"));
  const isOther = event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey;
  if (navigator.onLine || isOther || !link || link === reached || !leadsAway(link)) return;
  event.preventDefault();
  void goTo(link.href, () => {
    reached = link;
    link.click();
    reached = null;
  });
}

/**
 * The browser's word is not enough: a server on the same machine answers without any network.
 * @param {string} url
 * @param {() => void} [go]
 */
export async function goTo(url, go = () => location.assign(url)) {
  try {
    if (!navigator.onLine) await ask(url, { method: "HEAD" });
  } catch (error) {
    if (error instanceof Refused && error.status === 0) return toast(error.message);
  }
  go();
}

/** To another page of ours. @param {HTMLAnchorElement} link */
function leadsAway(link) {
  return link.origin === location.origin && !link.getAttribute("href")?.startsWith("#");
}
