/** The large picture: sharpens out of its tiny placeholder, and takes the place of a card whose drawing ended. */

import { startCopy } from "./copy.js";
import { find } from "./dom.js";
import { showLocalTimes } from "./times.js";
import { onEnd } from "./watch.js";
import { startZoom } from "./zoom.js";

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
  onEnd(async (job) => {
    if (job.status !== "succeeded" || !job.image) return;
    try {
      await refresh(job.image.url);
    } catch {
      location.reload();
    }
  });
}

/** @param {string} pictureUrl */
async function refresh(pictureUrl) {
  const [page] = await Promise.all([fetch(location.href, { cache: "no-store" }).then((response) => response.text()), preload(pictureUrl)]);
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
