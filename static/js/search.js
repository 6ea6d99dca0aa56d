/** Search as one types, over every prompt there is; the address always names what is shown. */

import { announce } from "./announce.js";
import { afterRest, find, findAll, isTyping, showOnly } from "./dom.js";
import { areKeysOn } from "./help.js";
import { Refused } from "./http.js";
import { fetchCards, replaceCards } from "./scroll.js";
import { gettext } from "./text.js";
import { toast } from "./toast.js";

const REST_MS = 200;

let current = new AbortController();

/** @param {() => void} onCards */
export function startSearch(onCards) {
  const form = find("[data-search]");
  if (!(form instanceof HTMLFormElement)) return;
  const look = () => show(form, onCards);
  form.addEventListener("input", afterRest(look, REST_MS));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || !areKeysOn() || isTyping(event) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    find("#search-words")?.focus();
  });
}

/**
 * @param {HTMLFormElement} form
 * @param {() => void} onCards
 */
async function show(form, onCards) {
  const asked = [...new FormData(form)].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value);
  const query = new URLSearchParams(asked).toString();
  const url = query ? `${form.action.split("?")[0]}?${query}` : form.action.split("?")[0];
  current.abort();
  const { signal } = (current = new AbortController());
  try {
    const cards = await fetchCards(url, signal);
    const isEmpty = !find("[data-card]", cards);
    replaceCards(cards);
    history.replaceState(history.state, "", url);
    nameFilters(new URLSearchParams(asked).get("q") ?? "");
    showOnly(/** @type {HTMLElement} */ (find("[data-nothing]")), query ? "narrowed" : "all");
    announce(isEmpty ? gettext("No picture fits.") : gettext("Pictures found."));
    onCards();
  } catch (error) {
    if (signal.aborted) return;
    toast(error instanceof Refused ? error.message : gettext("The search did not work. Try again."));
    addEventListener("online", () => current.signal === signal && show(form, onCards), { once: true });
  }
}

/** The filters keep the words. @param {string} words */
function nameFilters(words) {
  for (const filter of findAll("[data-filter]")) {
    const query = new URLSearchParams(filter.dataset.filter ? { [filter.dataset.filter]: "1" } : {});
    if (words) query.set("q", words);
    filter.setAttribute("href", `?${query}`);
  }
}
