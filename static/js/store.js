/** What the browser remembers. Storage can be switched off or full: then nothing is remembered and nothing breaks. */

/** @typedef {"localStorage" | "sessionStorage"} StorageName even to name the storage can fail */

/** For this tab only. */
export const TAB = "sessionStorage";

/**
 * @template T
 * @param {string} key
 * @param {T} fallback
 * @param {StorageName} [name]
 * @returns {T}
 */
export function recall(key, fallback, name = "localStorage") {
  try {
    const text = window[name].getItem(key);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/**
 * @param {string} key
 * @param {unknown} value
 * @param {StorageName} [name]
 */
export function remember(key, value, name = "localStorage") {
  try {
    window[name].setItem(key, JSON.stringify(value));
  } catch {
    // Not remembered.
  }
}

/**
 * @param {string} key
 * @param {StorageName} [name]
 */
export function forget(key, name = "localStorage") {
  try {
    window[name].removeItem(key);
  } catch {
    // Nothing was remembered.
  }
}
