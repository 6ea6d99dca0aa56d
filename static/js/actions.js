/** Cancel, try again, delete, bring back, star: without leaving the page. Without JavaScript the same buttons post a form. */

import { announce } from "./announce.js";
import { isTyping } from "./dom.js";
import { post, Refused } from "./http.js";
import { gettext } from "./text.js";
import { toast } from "./toast.js";
import { goOnFrom, offerUndo, putBack, takeOut } from "./undo.js";
import { watch } from "./watch.js";

/** @typedef {(card: HTMLElement | null, button: HTMLButtonElement) => Promise<void>} Action */

/** @type {Record<string, Action>} */
const actions = { cancel: moveJob, retry: moveJob, restore: moveJob, delete: deleteCard, star };

/** @param {Record<string, Action>} [own] what this page does otherwise */
export function startActions(own = {}) {
  const all = { ...actions, ...own };
  document.addEventListener("click", onlyOnce, true);
  document.addEventListener("keydown", onePress, true);
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    const act = button instanceof HTMLButtonElement && all[button.dataset.action ?? ""];
    if (!act) return;
    event.preventDefault();
    run(act, /** @type {HTMLButtonElement} */ (button));
  });
}

/** The second click of a double click would draw a second picture, or press what has come into the first button's place. @param {MouseEvent} event */
function onlyOnce(event) {
  if (event.detail > 1 && event.target instanceof Element && event.target.closest("[data-action], [data-submit], .frame-buttons")) event.preventDefault();
}

/** A key that is held down is one press: its repeats would draw or delete one picture after the other. @param {KeyboardEvent} event */
function onePress(event) {
  if (!event.repeat || !["Enter", "Delete"].includes(event.key)) return;
  const isPlain = !event.ctrlKey && !event.metaKey;
  if (event.key === "Enter" ? event.target instanceof HTMLTextAreaElement && isPlain : isTyping(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

/**
 * @param {Action} act
 * @param {HTMLButtonElement} button
 */
async function run(act, button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  /** @type {HTMLElement | null} */
  const card = button.closest("[data-card]");
  try {
    await act(card, button);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    toast(error.message);
    if (card && error.job) watch(card, error.job);
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

/** @type {Action} */
async function moveJob(card, button) {
  const { job } = await post(button.formAction);
  if (card) watch(card, job);
  else location.reload();
}

/** @type {Action} */
async function star(_card, button) {
  const { starred } = await post(button.formAction, { starred: button.value });
  showStar(button, starred);
  announce(starred ? gettext("Starred.") : gettext("The star is gone."));
}

/**
 * @param {HTMLElement} button
 * @param {boolean} starred
 */
export function showStar(button, starred) {
  button.setAttribute("value", starred ? "0" : "1");
  button.setAttribute("aria-pressed", String(starred));
  button.closest("[data-card]")?.toggleAttribute("data-starred", starred);
}

/** @type {Action} */
async function deleteCard(card, button) {
  const { restore_url: restoreUrl } = await post(button.formAction);
  if (!card) return location.assign("/");
  const place = takeOut(card);
  offerUndo(gettext("Deleted."), async () => {
    await post(restoreUrl);
    putBack(place);
    goOnFrom(card);
  });
}

/**
 * It was deleted on the page before: bring it back and show it.
 * @param {string} words
 * @param {string} url
 */
export function offerToRestore(words, url) {
  offerUndo(words, async () => {
    const { page_url: page } = await post(url);
    location.assign(page + location.search); // in the same list
  });
}
