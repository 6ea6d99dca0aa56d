/** A sample prompt that is pressed lands in the box. */

import { find, findAll } from "./dom.js";

/** @param {HTMLFormElement} form */
export function startSamples(form) {
  const prompt = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("prompt"));
  for (const sample of findAll("[data-sample]")) {
    sample.addEventListener("click", (event) => {
      event.preventDefault();
      prompt.value = sample.textContent?.trim() ?? "";
      prompt.dispatchEvent(new Event("input", { bubbles: true }));
      prompt.focus();
      find("#ask")?.scrollIntoView({ block: "nearest" });
    });
  }
}
