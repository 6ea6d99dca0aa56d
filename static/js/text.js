/** Words in the reader's language. Without Django's catalog they stay as written here. */

/** @param {string} text */
export function gettext(text) {
  return window.gettext ? window.gettext(text) : text;
}

/**
 * @param {string} one
 * @param {string} many
 * @param {number} count
 */
export function ngettext(one, many, count) {
  if (window.ngettext) return window.ngettext(one, many, count);
  return count === 1 ? one : many;
}

/**
 * Put values into `%(name)s` and `%(name)d`.
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export function fill(text, values) {
  return text.replace(/%\((\w+)\)[sd]/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The beginning of a text, whole characters only: half an emoji shows as a question mark. @param {string} text @param {number} most */
export function beginning(text, most) {
  return [...text].slice(0, most).join("");
}
