/** Remembers the draft and the settings, so that a reload loses nothing. What the server filled in goes first. */

import { afterRest, find, slots } from "./dom.js";
import { clearProblems } from "./fields.js";
import { keep, kept } from "./keeping.js";
import { recall, remember } from "./store.js";

const REMEMBERED = ["negative_prompt", "size", "style", "count", "seed", "steps", "guidance_scale", "model"];
const REST_MS = 250;

/** @param {HTMLFormElement} form */
export function startSettings(form) {
  form.autocomplete = "off"; // the browser would give the words back after a logout
  const given = form.dataset.given;
  const served = values(asServed(form));
  const typed = Object.fromEntries(Object.entries(values(form)).filter(([name, value]) => value !== served[name])); // on a slow line
  const { draft, settings } = kept();
  if (given !== "all") fillIn(form, settings);
  if (given === "seed") fillIn(form, { seed: served.seed });
  if (!given || given === "seed") fillIn(form, { prompt: draft || served.prompt });
  fillIn(form, typed);
  startFolding(form);
  const keepForm = () => {
    keep(values(form).prompt, Object.fromEntries(REMEMBERED.map((name) => [name, values(form)[name] ?? ""])));
  };
  form.addEventListener("input", afterRest(keepForm, REST_MS));
  form.addEventListener("input", () => summarise(form));
  addEventListener("pagehide", keepForm);
  if (given) {
    keepForm();
    history.replaceState(history.state, "", location.pathname); // a reload then shows the draft, not the link again
  }
  summarise(form);
  startReset(form);
}

/** The form before anybody touched it. @param {HTMLFormElement} form */
function asServed(form) {
  const copy = /** @type {HTMLFormElement} */ (form.cloneNode(true));
  copy.reset();
  return copy;
}

/** @param {HTMLFormElement} form @returns {Record<string, string>} */
export function values(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
}

/**
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} wanted
 */
function fillIn(form, wanted) {
  for (const [name, value] of Object.entries(wanted)) {
    const field = form.elements.namedItem(name);
    if (field instanceof RadioNodeList) pick(field, value);
    else if (field instanceof HTMLSelectElement) pickOption(field, value);
    else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = value;
  }
}

/** Only what is still offered. @param {RadioNodeList} radios @param {string} value */
function pick(radios, value) {
  for (const radio of radios) if (radio instanceof HTMLInputElement && radio.value === value) radio.checked = true;
}

/** @param {HTMLSelectElement} select @param {string} value */
function pickOption(select, value) {
  if ([...select.options].some((option) => option.value === value)) select.value = value;
}

/** @param {HTMLFormElement} form */
function startFolding(form) {
  const more = /** @type {HTMLDetailsElement | null} */ (find("[data-more-settings]", form));
  if (!more) return;
  more.open ||= recall("more-open", false);
  more.addEventListener("toggle", () => remember("more-open", more.open));
}

/** Beside "More settings": what is chosen, in few words. @param {HTMLFormElement} form */
function summarise(form) {
  const chosen = ["size", "style", "count"].map((name) => {
    const radio = form.querySelector(`[name="${name}"]:checked`);
    if (!(radio instanceof HTMLInputElement) || !radio.value) return "";
    const text = slots(/** @type {HTMLElement} */ (radio.parentElement), "name")[0]?.textContent ?? "";
    return name === "count" ? (text === "1" ? "" : `${text} ×`) : text;
  });
  const place = slots(form, "summary")[0];
  if (place) place.textContent = [chosen[2], chosen[0], chosen[1]].filter(Boolean).join(" ");
}

/** @param {HTMLFormElement} form */
function startReset(form) {
  const button = find("[data-reset]", form);
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    fillIn(form, JSON.parse(document.getElementById("usual-settings")?.textContent || "{}"));
    form.dispatchEvent(new Event("input", { bubbles: true }));
    clearProblems(form);
  });
}
