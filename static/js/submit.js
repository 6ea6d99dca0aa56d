/** Sends the form. The cards are there at once; a second press or a resend makes no second job. */

import { announce } from "./announce.js";
import { newCard } from "./card.js";
import { cameBy, find, findAll, slots } from "./dom.js";
import { check, clearProblems, showErrors, showProblem, UNUSED } from "./fields.js";
import { post, Refused } from "./http.js";
import { values } from "./settings.js";
import { forget, recall, remember, TAB } from "./store.js";
import { gettext } from "./text.js";
import { watch } from "./watch.js";

const SENT = "sent"; // the key of what was sent and not answered: sent again, it is still the same request

/** @param {HTMLFormElement} form */
export function startSubmit(form) {
  let sending = false;
  const unanswered = recall(SENT, "", TAB);
  if (unanswered && cameBy() === "reload") setKey(form, unanswered);
  else forget(SENT, TAB); // who comes back later, or in a second tab, wants another picture
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending || !check(form)) return;
    sending = true;
    setBusy(form, true);
    await send(form);
    setBusy(form, false);
    sending = false;
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

/** @param {HTMLFormElement} form */
async function send(form) {
  clearProblems(form);
  const cards = placeCards(values(form));
  remember(SENT, values(form).idempotency_key, TAB);
  try {
    /** @type {StatusAnswer} */
    const { jobs } = await post(form.action, wanted(form));
    while (cards.length > jobs.length) cards.pop()?.remove();
    jobs.forEach((job, number) => {
      find(`[data-card][data-id="${job.id}"]`)?.remove(); // it had been sent before
      watch(cards[number], job);
    });
    forget(SENT, TAB);
    setKey(form, newKey()); // the next press asks for a new picture
    announce(gettext("Sent. The picture appears below."));
  } catch (error) {
    cards.forEach((card) => card.remove());
    if (!(error instanceof Refused)) throw error;
    tell(form, error);
  }
}

/** Nothing of what the model does not use: the page hides it. @param {HTMLFormElement} form */
function wanted(form) {
  const unused = findAll(UNUSED, form).map((setting) => [setting.dataset.setting, ""]);
  return { ...values(form), ...Object.fromEntries(unused) };
}

/**
 * One card per wanted picture, newest first.
 * @param {Record<string, string>} wanted
 */
function placeCards(wanted) {
  const grid = /** @type {HTMLElement} */ (find("[data-grid]"));
  const [width, height] = (wanted.size || "1024x1024").split("x").map(Number);
  const cards = Array.from({ length: Number(wanted.count) || 1 }, () => newCard(wanted.prompt.trim(), width, height));
  for (const card of cards) grid.prepend(card);
  find("[data-samples]")?.remove();
  cards.at(-1)?.scrollIntoView({ block: "nearest" });
  return cards;
}

/**
 * @param {HTMLFormElement} form
 * @param {Refused} error
 */
function tell(form, error) {
  if (error.errors) return showErrors(form, error.errors);
  const words = error.status ? error.message : gettext("The line is down. Your words are kept: try again, nothing is drawn twice.");
  showProblem(form, "__all__", words);
}

/** @param {HTMLFormElement} form @param {string} key */
function setKey(form, key) {
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("idempotency_key"));
  field.value = key;
}

/** As the server makes them; crypto.randomUUID exists only on a secure address. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {HTMLFormElement} form
 * @param {boolean} busy
 */
function setBusy(form, busy) {
  const button = find("[data-submit]", form);
  button?.setAttribute("aria-disabled", String(busy));
  for (const label of button ? slots(button, "label") : []) label.textContent = busy ? gettext("Sending") : gettext("Draw");
}
