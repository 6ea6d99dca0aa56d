/** Zoom: the whole picture, or its own pixels and the pointer moves it about. */

import { find, showOnly } from "./dom.js";

const MOST_DRAGGED = 6; // in pixels, of what is still a click

let dragged = 0;

export function startZoom() {
  const stage = find("[data-stage]");
  const button = find("[data-zoom]");
  const canvas = find("[data-canvas]");
  if (!stage || !button || !canvas) return;
  button.hidden = false;
  button.addEventListener("click", () => toggleZoom());
  canvas.addEventListener("click", (event) => dragged > MOST_DRAGGED || toggleZoom(event));
  startDrag(stage);
}

/** @param {{clientX: number, clientY: number}} [at] the place that stays under the pointer */
export function toggleZoom(at) {
  const stage = find("[data-stage]");
  const canvas = find("[data-canvas]");
  const button = find("[data-zoom]");
  if (!stage || !canvas || !button) return;
  const before = canvas.getBoundingClientRect();
  const point = at ?? { clientX: before.x + before.width / 2, clientY: before.y + before.height / 2 };
  const across = (point.clientX - before.x) / before.width;
  const down = (point.clientY - before.y) / before.height;
  const isZoomed = stage.classList.toggle("zoomed");
  setOwnSize(canvas, isZoomed ? before.width : 0);
  stage.tabIndex = isZoomed ? 0 : -1;
  if (isZoomed && document.activeElement !== button) stage.focus({ preventScroll: true });
  button.setAttribute("aria-pressed", String(isZoomed));
  showOnly(button, isZoomed ? "in" : "out");
  if (!isZoomed) return;
  const [now, seen] = [canvas.getBoundingClientRect(), stage.getBoundingClientRect()];
  stage.scrollBy(now.x + now.width * across - seen.x - seen.width / 2, now.y + now.height * down - seen.y - seen.height / 2);
}

export function isZoomed() {
  return find("[data-stage]")?.classList.contains("zoomed") ?? false;
}

/**
 * The picture's own pixels, and at least twice what fits, so that zoom always shows more.
 * @param {HTMLElement} canvas
 * @param {number} fitted its width before, in pixels; 0 for the fitted size again
 */
function setOwnSize(canvas, fitted) {
  const size = /** @type {SVGElement | null} */ (canvas.querySelector("svg"));
  const image = /** @type {HTMLImageElement | null} */ (canvas.querySelector("img"));
  if (!size || !image) return;
  const [width, height] = [Number(image.getAttribute("width")), Number(image.getAttribute("height"))];
  const wide = Math.round(Math.max(width, 2 * fitted));
  size.style.width = fitted ? `${wide}px` : "";
  size.style.height = fitted ? `${Math.round((wide * height) / width)}px` : "";
}

/** @param {HTMLElement} stage */
function startDrag(stage) {
  stage.addEventListener("pointerdown", (event) => {
    dragged = 0;
    if (!isZoomed() || event.pointerType === "touch" || event.button) return;
    event.preventDefault();
    const move = (/** @type {PointerEvent} */ to) => {
      dragged += Math.abs(to.movementX) + Math.abs(to.movementY);
      stage.scrollBy(-to.movementX, -to.movementY);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  });
}
