/** The large picture: sharpens out of its tiny placeholder, and takes the place of a card whose drawing ended. */

import { startCopy } from "./copy.js";
import { find, findAll } from "./dom.js";
import { ask } from "./http.js";
import { showLocalTimes } from "./times.js";
import { onEnd } from "./watch.js";
import { startZoom } from "./zoom.js";

const AGAIN_MS = 3000;

/** Keep the placeholder until the picture is complete. */
export function sharpen() {
  const image = document.querySelector('[data-slot="full"]');
  if (!(image instanceof HTMLImageElement) || image.complete) return;
  image.classList.add("coming");
  const show = () => image.classList.remove("coming");
  image.addEventListener("load", show, { once: true });
  image.addEventListener("error", show, { once: true });
}

/** When the drawing ends, the rest of the page is fetched: its settings, times and actions. */
export function followDrawing() {
  if (find("[data-canvas]")) return;
  onEnd((job) => void (job.status === "succeeded" && job.image && refresh(job.image.url)));
}

/** On a bad line the card shows the picture meanwhile. @param {string} pictureUrl */
async function refresh(pictureUrl) {
  try {
    const [response] = await Promise.all([ask(location.href, { cache: "no-store" }), preload(pictureUrl)]);
    exchange(await response.text());
  } catch {
    setTimeout(() => refresh(pictureUrl), AGAIN_MS);
  }
}

/** The keyboard goes on from the same button, or from the picture's first where that one went. @param {string} page */
function exchange(page) {
  const fresh = new DOMParser().parseFromString(page, "text/html");
  const used = document.activeElement?.closest("[data-stage], [data-panel]") && document.activeElement;
  for (const part of ["[data-stage]", "[data-panel]"]) {
    const [old, made] = [find(part), fresh.querySelector(part)];
    if (!old || !made) throw new Error(`the page has no ${part}`);
    old.replaceWith(document.adoptNode(made));
  }
  startCopy();
  startZoom();
  showLocalTimes();
  if (!used) return;
  const same = findAll("[data-stage] a, [data-panel] :is(a, button)").find((one) => one.textContent === used.textContent);
  (same ?? find("[data-zoom]"))?.focus();
}

/** @param {string} url */
function preload(url) {
  const image = new Image();
  image.src = url;
  return image.decode().catch(() => undefined);
}
