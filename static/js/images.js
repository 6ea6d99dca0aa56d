/** A picture that did not load is asked for again: later and later, and at once when the line is back. */

const WAITS_MS = [1000, 3000, 10_000, 30_000];

/** @type {Map<HTMLImageElement, number>} how often each was asked for again */
const missing = new Map();

export function startImages() {
  document.addEventListener("error", (event) => event.target instanceof HTMLImageElement && later(event.target), true);
  document.addEventListener("load", (event) => event.target instanceof HTMLImageElement && missing.delete(event.target), true);
  addEventListener("online", () => [...missing.keys()].forEach(again));
  for (const image of document.images) if (image.src && image.complete && !image.naturalWidth) later(image);
}

/** @param {HTMLImageElement} image */
function later(image) {
  const tries = missing.get(image) ?? 0;
  missing.set(image, tries + 1);
  if (tries < WAITS_MS.length) setTimeout(() => again(image), WAITS_MS[tries]);
}

/** The same address once more. @param {HTMLImageElement} image */
function again(image) {
  if (!image.isConnected) missing.delete(image);
  else if (missing.has(image)) image.setAttribute("src", image.getAttribute("src") ?? "");
}
