/** Says things to people who listen to the page, politely and not all at once. */

import { find } from "./dom.js";

const REST_MS = 400;

/** @type {string[]} */
let pending = [];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} words */
export function announce(words) {
  if (!pending.includes(words)) pending.push(words);
  timer ??= setTimeout(say, REST_MS);
}

function say() {
  const region = find("[data-announce]");
  if (region) region.textContent = pending.join(" ");
  pending = [];
  timer = undefined;
}
