/** The form's rules in the browser: the same as the server's, with the server's own sentences. */

import { find, findAll } from "./dom.js";
import { fill, gettext } from "./text.js";

/** The settings that the chosen model does not use. */
export const UNUSED = "[data-setting][hidden]";

/** The text as the server measures it. @param {string} text */
function normal(text) {
  return text.replace(/\r\n?/g, "\n").normalize("NFC").trim();
}

/** Characters as the server counts them: an emoji is one. @param {string} text */
function lengthOf(text) {
  return [...normal(text)].length;
}

/**
 * Check every field; the first with a problem gets the focus.
 * @param {HTMLFormElement} form
 */
export function check(form) {
  const fields = /** @type {Field[]} */ ([...form.querySelectorAll("[data-max-length], [data-max]")]);
  const wrong = fields.filter((field) => {
    const problem = problemOf(field);
    showProblem(form, field.name, problem);
    return problem;
  });
  if (wrong.length) focusField(wrong[0]);
  return wrong.length === 0;
}

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

/** The sentence for what is wrong, or nothing. @param {Field} field */
function problemOf(field) {
  const { required, tooLong, maxLength, invalid } = field.dataset;
  if (isUnused(field)) return "";
  const length = lengthOf(field.value);
  if (required && !length) return required;
  if (maxLength && length > Number(maxLength)) return fill(tooLong ?? "", { limit_value: maxLength, show_value: length });
  if (invalid && length && !isNumber(field)) return invalid;
  return "";
}

/** @param {Element} part */
function isUnused(part) {
  return part.closest(UNUSED) !== null;
}

/** @param {Field} field */
function isNumber(field) {
  const text = field.value.trim();
  if (!("decimal" in field.dataset ? /^\d+([.,]\d+)?$/ : /^\d+$/).test(text)) return false;
  const value = Number(text.replace(",", "."));
  return value >= Number(field.dataset.min) && value <= Number(field.dataset.max);
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {string} problem
 */
export function showProblem(form, name, problem) {
  const own = find(`[data-problem="${name}"]`, form);
  const isSeen = own && !(problem && isUnused(own));
  const place = isSeen ? own : find('[data-problem="__all__"]', form);
  if (!place) return;
  place.textContent = problem;
  place.hidden = !problem;
  for (const field of findAll(`[name="${name}"]:not([type="radio"])`, form)) {
    if (problem) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

/** @param {HTMLFormElement} form */
export function clearProblems(form) {
  for (const place of findAll("[data-problem]", form)) showProblem(form, place.dataset.problem ?? "", "");
}

/**
 * What the server found wrong, beside its fields.
 * @param {HTMLFormElement} form
 * @param {Record<string, string[]>} errors
 */
export function showErrors(form, errors) {
  for (const [name, texts] of Object.entries(errors)) showProblem(form, name, texts.join(" "));
  const first = Object.keys(errors).map((name) => fieldOf(form, name)).find(Boolean);
  if (first instanceof HTMLElement) focusField(first);
}

/** Of several with one name, the chosen one. @param {HTMLFormElement} form @param {string} name */
function fieldOf(form, name) {
  return form.querySelector(`[name="${name}"]:checked`) ?? form.querySelector(`[name="${name}"]`);
}

/** @param {HTMLElement} field */
function focusField(field) {
  const folded = field.closest("details");
  if (folded) folded.open = true;
  field.focus();
}

/** Counts while one types, and takes a problem away once it is mended. @param {HTMLFormElement} form */
export function startFields(form) {
  const prompt = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("prompt"));
  form.addEventListener("input", (event) => {
    const field = /** @type {Field} */ (event.target);
    if (field === prompt) showCount(prompt);
    if (field.name === "size" || field.name === "model") showProblem(form, "size", ""); // they have to fit each other
    if (field.getAttribute("aria-invalid") === "true") showProblem(form, field.name, problemOf(field));
  });
  showCount(prompt);
}

/** @param {HTMLTextAreaElement} prompt */
function showCount(prompt) {
  const counter = find("[data-counter]");
  if (!counter) return;
  const most = Number(prompt.dataset.maxLength);
  const length = lengthOf(prompt.value);
  const format = new Intl.NumberFormat(document.documentElement.lang);
  counter.textContent = fill(gettext("%(n)s of %(most)s"), { n: format.format(length), most: format.format(most) });
  counter.classList.toggle("counter-over", length > most);
}
