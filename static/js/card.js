/** One card, drawn from the page's own template: the same partial as the server's. */

import { find, findAll, slots } from "./dom.js";
import { beginning, gettext } from "./text.js";

const NOBODY = "00000000-0000-0000-0000-000000000000";
const SIZES = "(min-width: 1800px) 13vw, (min-width: 1400px) 17vw, (min-width: 1000px) 20vw, (min-width: 700px) 33vw, 50vw";
const ROWS_PER_COLUMN = 24;

/**
 * A card of one's own that the server does not know yet.
 * @param {string} prompt
 * @param {number} width
 * @param {number} height
 */
export function newCard(prompt, width, height) {
  const card = blank();
  card.dataset.owned = "";
  card.dataset.rows = String(Math.round((ROWS_PER_COLUMN * height) / width));
  setPart(card, "live", "sending", prompt);
  for (const words of slots(card, "words")) words.textContent = gettext("Sending");
  findAll("[data-action]", card).forEach((button) => (button.hidden = true));
  return card;
}

/**
 * Show a job's new state. The frame stays; only what is in it changes.
 * @param {HTMLElement} card
 * @param {JobStatus} job
 */
export function showJob(card, job) {
  const part = partFor(job);
  if (card.dataset.id !== job.id || card.dataset.state !== job.status || find("[data-for]", card)?.dataset.for !== part) {
    card.dataset.id = job.id;
    setPart(card, part, job.status, job.prompt);
    if (part === "picture" && job.image) fillPicture(card, job, job.image);
    if (part === "ended") fillEnd(card, job);
  }
}

/** @param {HTMLElement} card */
export function showGone(card) {
  setPart(card, "gone", "gone", promptOf(card));
}

/** @param {HTMLElement} card */
export function promptOf(card) {
  return find(".frame-prompt", card)?.textContent?.trim() ?? "";
}

/** @param {JobStatus} job */
function partFor(job) {
  if (job.status === "queued" || job.status === "running") return "live";
  if (job.status === "succeeded") return job.image ? "picture" : "gone";
  return "ended";
}

function blank() {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("card-template"));
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  return /** @type {HTMLElement} */ (find("[data-card]", copy));
}

/**
 * Put one part of the template into the card's frame; the keyboard's place is kept.
 * @param {HTMLElement} card
 * @param {string} part
 * @param {string} state
 * @param {string} prompt
 */
function setPart(card, part, state, prompt) {
  const hadFocus = card.contains(document.activeElement);
  const fresh = /** @type {HTMLElement} */ (find(`[data-for="${part}"]`, blank()));
  card.dataset.state = state;
  card.classList.remove("is-retrying", "is-paused");
  for (const slot of slots(fresh, "prompt")) slot.textContent = prompt;
  if (!("owned" in card.dataset)) findAll("[data-own]", fresh).forEach((own) => own.remove());
  nameJob(fresh, card.dataset.id ?? "");
  find(".frame", card)?.replaceChildren(fresh);
  if (hadFocus) find("a[href], button", fresh)?.focus();
}

/**
 * @param {HTMLElement} part
 * @param {string} id
 */
function nameJob(part, id) {
  for (const name of ["href", "formaction"]) {
    for (const link of findAll(`[${name}]`, part)) {
      link.setAttribute(name, String(link.getAttribute(name)).replace(NOBODY, id));
    }
  }
}

/**
 * The tiny picture is there at once; the real one fades in over it when it is complete.
 * @param {HTMLElement} card
 * @param {JobStatus} job
 * @param {JobImage} image
 */
function fillPicture(card, job, image) {
  const [blur, full] = ["blur", "image"].map((name) => /** @type {HTMLImageElement} */ (slots(card, name)[0]));
  if (image.placeholder) blur.src = image.placeholder;
  full.classList.add("coming");
  full.alt = beginning(job.prompt, 200);
  full.width = image.width;
  full.height = image.height;
  full.sizes = SIZES;
  full.srcset = `${image.thumbnail_url}?w=256 256w, ${image.thumbnail_url}?w=512 512w`;
  full.src = `${image.thumbnail_url}?w=512`;
  full.decode().catch(() => undefined).then(() => full.classList.remove("coming"));
}

/**
 * @param {HTMLElement} card
 * @param {JobStatus} job
 */
function fillEnd(card, job) {
  const words = job.status === "canceled" ? gettext("Canceled.") : job.error?.message || gettext("No picture came.");
  for (const slot of slots(card, "ended")) slot.textContent = words;
  const isFinal = job.error?.retryable === false;
  for (const again of findAll('[data-action="retry"]', card)) setMain(again, !isFinal);
  for (const edit of slots(card, "edit")) setMain(edit, isFinal);
}

/**
 * @param {HTMLElement} button
 * @param {boolean} isMain
 */
function setMain(button, isMain) {
  button.classList.toggle("btn-primary", isMain);
  button.classList.toggle("btn-quiet", !isMain);
}
