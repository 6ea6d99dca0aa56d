/** What the chosen model can use: its own starting values, and nothing that would change nothing. */

import { find } from "./dom.js";

/** @param {HTMLFormElement} form */
export function startModel(form) {
  /** @type {Record<string, ModelFacts>} */
  const models = JSON.parse(document.getElementById("model-info")?.textContent || "{}");
  const select = /** @type {HTMLSelectElement} */ (form.elements.namedItem("model"));
  const show = () => {
    const facts = models[select.value];
    if (facts) showFacts(form, facts);
  };
  form.addEventListener("input", show);
  show();
}

/**
 * @param {HTMLFormElement} form
 * @param {ModelFacts} facts
 */
function showFacts(form, facts) {
  /** @type {Record<string, boolean>} */
  const usable = { steps: facts.steps_adjustable, guidance_scale: facts.guidance, negative_prompt: facts.negative_prompt };
  for (const [name, isUsable] of Object.entries(usable)) {
    const setting = find(`[data-setting="${name}"]`, form);
    const field = /** @type {HTMLInputElement | HTMLTextAreaElement} */ (form.elements.namedItem(name));
    if (!setting || !field) continue;
    field.readOnly = !isUsable;
    const note = find("[data-unusable]", setting);
    if (note) note.hidden = isUsable;
    else setting.hidden = !isUsable;
  }
  for (const name of /** @type {const} */ (["steps", "guidance_scale"])) {
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    field.placeholder = facts[name].toLocaleString(document.documentElement.lang);
  }
}
