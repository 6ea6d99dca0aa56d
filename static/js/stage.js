/** The large picture: sharpens out of its tiny placeholder, and takes the place of a card whose drawing ended. */

import { startCopy } from "./copy.js";
import { find } from "./dom.js";
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

/** @param {string} page */
function exchange(page) {
  const fresh = new DOMParser().parseFromString(page, "text/html");
  for (const part of ["[data-stage]", "[data-panel]"]) {
    const [old, made] = [find(part), fresh.querySelector(part)];
    if (!old || !made) throw new Error(`the page has no ${part}`);
    old.replaceWith(document.adoptNode(made));
  }
  startCopy();
  startZoom();
  showLocalTimes();
}

/** @param {string} url */
function preload(url) {
  const image = new Image();
  image.src = url;
  return image.decode().catch(() => undefined);
}
