/** Copy the prompt or the link. */

import { find, findAll } from "./dom.js";
import { gettext } from "./text.js";
import { toast } from "./toast.js";

export function startCopy() {
  for (const button of findAll("[data-copy]")) {
    button.hidden = false;
    button.onclick = () => copy(button.dataset.copy ?? "");
  }
}

/** @param {string} what "prompt" or "link" */
export async function copy(what) {
  const text = what === "prompt" ? (find("[data-prompt]")?.textContent ?? "") : location.origin + location.pathname;
  const isCopied = await write(text);
  if (!isCopied) return toast(gettext("The browser did not allow copying."));
  toast(what === "prompt" ? gettext("Prompt copied.") : gettext("Link copied."));
}

/** The clipboard is there only on a secure address; the old way works on the others. @param {string} text */
async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeTheOldWay(text);
  }
}

/** @param {string} text */
function writeTheOldWay(text) {
  const back = document.activeElement;
  const field = Object.assign(document.createElement("textarea"), { value: text, className: "visually-hidden" });
  document.body.append(field);
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (back instanceof HTMLElement) back.focus();
  return isCopied;
}
