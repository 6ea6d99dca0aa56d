/** The picture view's keys and swipes. Letters are the ones of other picture tools. */

import { copy } from "./copy.js";
import { find, isTyping } from "./dom.js";
import { areKeysOn } from "./help.js";
import { post } from "./http.js";
import { goTo } from "./offline.js";
import { gettext } from "./text.js";
import { toastOnNextPage } from "./toast.js";
import { isZoomed, toggleZoom } from "./zoom.js";

const SWIPE_PIXELS = 60;

/** @param {HTMLElement} view */
export function startKeys(view) {
  /** @type {Record<string, () => void>} */
  const letters = {
    z: () => toggleZoom(),
    ".": () => find('[data-panel] [data-action="star"]')?.click(),
    a: () => goTo(view.dataset.settingsUrl ?? ""),
    r: () => goTo(view.dataset.remixUrl ?? ""),
    s: () => useOnly(view, "seed"),
    p: () => useOnly(view, "prompt"),
    c: () => copy("prompt"),
    d: () => find("[data-download]")?.click(),
  };
  /** @type {Record<string, () => unknown>} */
  const keys = {
    ArrowLeft: () => find(isRightToLeft() ? "[data-next]" : "[data-previous]")?.click(),
    ArrowRight: () => find(isRightToLeft() ? "[data-previous]" : "[data-next]")?.click(),
    Escape: () => closeMenu() || (isZoomed() ? toggleZoom() : find("[data-leave]")?.click()),
    Delete: () => find('[data-view] [data-action="delete"]:not([hidden] *)')?.click(),
  };
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const act = keys[event.key] ?? (areKeysOn() ? letters[event.key] : undefined);
    if (!act || (isZoomed() && event.key.startsWith("Arrow"))) return;
    event.preventDefault();
    act();
  });
  view.addEventListener("click", (event) => onLink(event, view));
  document.addEventListener("click", ({ target }) => leaveMenu(/** @type {Element} */ (target)));
}

/** A press beside the menu, or on one of its links, closes it. @param {Element} target */
function leaveMenu(target) {
  const menu = find("[data-menu][open]");
  if (menu && (!menu.contains(target) || target.closest("a"))) menu.removeAttribute("open");
}

/** Whether a menu was open. */
function closeMenu() {
  const menu = /** @type {HTMLDetailsElement | null} */ (document.querySelector("[data-menu][open]"));
  if (!menu) return false;
  menu.open = false;
  menu.querySelector("summary")?.focus();
  return true;
}

/** The stage is exchanged when a drawing ends, so its view listens. @param {HTMLElement} view */
export function startSwipe(view) {
  let start = { x: 0, y: 0, isSwipe: false };
  view.addEventListener("touchstart", ({ target, touches }) => {
    const onPanel = /** @type {Element} */ (target).closest("[data-panel]") !== null;
    start = { x: touches[0].clientX, y: touches[0].clientY, isSwipe: !onPanel && touches.length === 1 };
  }, { passive: true });
  view.addEventListener("touchend", ({ changedTouches: [end] }) => {
    const [across, down] = [end.clientX - start.x, Math.abs(end.clientY - start.y)];
    const isMagnified = isZoomed() || (window.visualViewport?.scale ?? 1) > 1.05;
    if (!start.isSwipe || isMagnified || Math.abs(across) < SWIPE_PIXELS || down > Math.abs(across) / 2) return;
    find(across > 0 !== isRightToLeft() ? "[data-previous]" : "[data-next]")?.click();
  }, { passive: true });
}

/**
 * Delete, and go on with the neighbour; the note there can undo it.
 * @param {HTMLElement | null} _card
 * @param {HTMLButtonElement} button
 */
export async function deleteAndGoOn(_card, button) {
  const { restore_url: restoreUrl } = await post(button.formAction);
  toastOnNextPage(gettext("Deleted."), restoreUrl);
  const next = find("[data-next]") ?? find("[data-previous]") ?? find("[data-leave]");
  location.replace(next?.getAttribute("href") ?? "/");
}

/**
 * Turning over replaces the address, so that one step back is the list again.
 * @param {MouseEvent} event
 * @param {HTMLElement} view
 */
function onLink(event, view) {
  const link = /** @type {HTMLElement} */ (event.target).closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const isTurn = link.matches("[data-previous], [data-next]");
  if (!isTurn && !link.matches("[data-leave]")) return;
  event.preventDefault();
  void goTo(link.href, () => (isTurn ? location.replace(link.href) : leave(view)));
}

/** Back to the list one came from, as it was left; to the gallery, when there was none. @param {HTMLElement} view */
function leave(view) {
  const list = new URL(find("[data-leave]", view)?.getAttribute("href") ?? "/", location.href);
  const before = new URL(pageBefore() || "about:blank");
  if ([list.pathname, view.dataset.homeUrl].includes(before.pathname) && before.origin === location.origin) history.back();
  else location.assign(list);
}

function pageBefore() {
  const history = window.navigation;
  if (!history?.currentEntry) return document.referrer;
  return history.entries()[history.currentEntry.index - 1]?.url;
}

/**
 * @param {HTMLElement} view
 * @param {"seed" | "prompt"} what
 */
function useOnly(view, what) {
  const url = `${view.dataset.settingsUrl}&only=${what}`;
  void goTo(url, () => {
    if (what === "seed") toastOnNextPage(gettext("The seed is set."));
    location.assign(url);
  });
}

function isRightToLeft() {
  return document.documentElement.dir === "rtl";
}
