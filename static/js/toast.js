/** One note at a time at the bottom of the page, with Undo where something went away. */

import { find, findAll, isTyping } from "./dom.js";
import { gettext } from "./text.js";
import { forget, recall, remember, TAB } from "./store.js";

const SHOWN_MS = 8000;
const NEXT_PAGE = "note";

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * @param {string} words
 * @param {() => void} [undo]
 */
export function toast(words, undo) {
  const place = find("[data-toasts]");
  if (!place) return;
  const note = document.createElement("p");
  note.className = "note";
  note.dataset.note = "";
  note.append(Object.assign(document.createElement("span"), { textContent: words }));
  if (undo) note.append(undoButton(undo));
  place.replaceChildren(note);
  leaveLater(note);
}

/**
 * Say it on the page that comes next.
 * @param {string} words
 * @param {string} [undoUrl]
 */
export function toastOnNextPage(words, undoUrl = "") {
  remember(NEXT_PAGE, { words, undoUrl }, TAB);
}

/**
 * Show what the last page or the server left to say.
 * @param {(words: string, url: string) => void} showUndo
 */
export function showKeptNotes(showUndo) {
  for (const note of findAll("[data-note]")) leaveLater(note);
  const kept = recall(NEXT_PAGE, { words: "", undoUrl: "" }, TAB);
  forget(NEXT_PAGE, TAB);
  if (kept.undoUrl) showUndo(kept.words, kept.undoUrl);
  else if (kept.words) toast(kept.words);
}

/** @param {() => void} undo */
function undoButton(undo) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "note-button";
  button.textContent = gettext("Undo");
  button.addEventListener("click", () => {
    button.closest("[data-note]")?.remove();
    undo();
  });
  return button;
}

/** Ctrl+Z presses Undo: behind a long list the keyboard would not reach it before it goes. */
export function startUndoKey() {
  document.addEventListener("keydown", (event) => {
    const undo = find("[data-note] button");
    if (!undo || isTyping(event) || event.key !== "z" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    undo.click();
  });
}

/** A note stays while it is pointed at or focused. @param {HTMLElement} note */
function leaveLater(note) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (note.matches(":hover, :focus-within")) leaveLater(note);
    else note.remove();
  }, SHOWN_MS);
}
