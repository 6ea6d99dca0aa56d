/** Small helpers for finding parts of the page, typed. */

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement | null}
 */
export function find(selector, root = document) {
  return root.querySelector(selector);
}

/**
 * @param {string} selector
 * @param {ParentNode} [root]
 * @returns {HTMLElement[]}
 */
export function findAll(selector, root = document) {
  return [...root.querySelectorAll(selector)].filter((part) => part instanceof HTMLElement);
}

/**
 * The parts named `data-slot` inside a root.
 * @param {ParentNode} root
 * @param {string} name
 */
export function slots(root, name) {
  return findAll(`[data-slot="${name}"]`, root);
}

/**
 * Show the one part whose `data-for` is the name, hide its siblings.
 * @param {ParentNode} root
 * @param {string} name
 */
export function showOnly(root, name) {
  for (const part of findAll("[data-for]", root)) part.hidden = part.dataset.for !== name;
}

/** Whether a key press is meant for a field and not for the page. @param {Event} event */
export function isTyping(event) {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target.isContentEditable || target.matches("textarea, select");
}

/**
 * @template {unknown[]} T
 * @param {(...args: T) => void} act
 * @param {number} wait milliseconds of rest before it is done
 * @returns {(...args: T) => void}
 */
export function afterRest(act, wait) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...args), wait);
  };
}

/** How this page was opened: "navigate", "reload" or "back_forward". */
export function cameBy() {
  const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return visit?.type;
}
