/** What the browser remembers. Storage can be switched off or full: then nothing is remembered and nothing breaks. */

/**
 * @template T
 * @param {string} key
 * @param {T} fallback
 * @param {Storage} [storage]
 * @returns {T}
 */
export function recall(key, fallback, storage = safe(() => localStorage)) {
  try {
    const text = storage.getItem(key);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/**
 * @param {string} key
 * @param {unknown} value
 * @param {Storage} [storage]
 */
export function remember(key, value, storage = safe(() => localStorage)) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // Not remembered.
  }
}

/**
 * @param {string} key
 * @param {Storage} [storage]
 */
export function forget(key, storage = safe(() => localStorage)) {
  try {
    storage.removeItem(key);
  } catch {
    // Nothing was remembered.
  }
}

/** The storage of this tab only. */
export function tab() {
  return safe(() => sessionStorage);
}

/**
 * Even to name the storage can fail.
 * @param {() => Storage} storage
 * @returns {Storage}
 */
function safe(storage) {
  try {
    return storage();
  } catch {
    return /** @type {Storage} */ (/** @type {unknown} */ ({}));
  }
}
