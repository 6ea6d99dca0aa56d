/** Without a connection a link would lead to the browser's own error page. The page stays instead, and says so. */

import { ask, Refused } from "./http.js";
import { toast } from "./toast.js";

/** @type {HTMLAnchorElement | null} */
let reached = null;

export function startStaying() {
  document.addEventListener("click", (event) => void stay(event));
}

/** The browser's word is not enough: a server on the same machine answers without any network. @param {MouseEvent} event */
async function stay(event) {
  const link = /** @type {HTMLAnchorElement | null} */ (/** @type {Element} */ (event.target).closest("a[href]"));
  const isOther = event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey;
  if (navigator.onLine || isOther || !link || link === reached || !leadsAway(link)) return;
  event.preventDefault();
  try {
    await ask(link.href, { method: "HEAD" });
  } catch (error) {
    if (error instanceof Refused && error.status === 0) return toast(error.message);
  }
  reached = link;
  link.click();
  reached = null;
}

/** As if a link there had been pressed. @param {string} url */
export function goTo(url) {
  const link = Object.assign(document.createElement("a"), { href: url, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
}

/** To another page of ours. @param {HTMLAnchorElement} link */
function leadsAway(link) {
  return link.origin === location.origin && !link.getAttribute("href")?.startsWith("#");
}
