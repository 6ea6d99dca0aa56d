/** Requests to our own server: JSON in and out, a time limit, and every failure as one kind of error. */

import { noteChange } from "./changes.js";
import { gettext } from "./text.js";

const TOKEN = "csrfmiddlewaretoken";
const LIMIT_MS = 20_000;
const NOT_MODIFIED = 304; // seen only by who sends an ETag

/** The server said no, or did not answer (`status` 0). `message` can be shown to people. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {number} status
   * @param {{code?: string, errors?: Record<string, string[]>, retryAfter?: number | null, job?: JobStatus}} [more]
   */
  constructor(message, status, more = {}) {
    super(message);
    this.status = status;
    this.code = more.code ?? "";
    this.errors = more.errors ?? null;
    this.retryAfter = more.retryAfter ?? null;
    this.job = more.job ?? null; // as it is now, where it was too late
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function ask(url, options = {}) {
  const late = AbortSignal.timeout(LIMIT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late;
  let response;
  try {
    response = await fetch(url, { ...options, signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refused(gettext("No connection. Check it and try again."), 0);
  }
  if (!response.ok && response.status !== NOT_MODIFIED) throw await refusal(response);
  return response;
}

/**
 * @param {string} url
 * @param {Record<string, string> | URLSearchParams} [fields]
 * @returns {Promise<any>}
 */
export async function post(url, fields = {}) {
  try {
    return await send(url, fields);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== "csrf_failed") throw error;
    await renewToken();
    return send(url, fields);
  }
}

/**
 * @param {string} url
 * @param {Record<string, string> | URLSearchParams} fields
 */
async function send(url, fields) {
  const body = new URLSearchParams(fields);
  body.delete(TOKEN); // Django would believe it before the header
  const headers = { Accept: "application/json", "X-CSRFToken": token(document) };
  const response = await ask(url, { method: "POST", headers, body });
  if (!body.has("ask")) noteChange(); // a question changes nothing
  return response.json();
}

/** @param {Document} page */
export function token(page) {
  return page.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/** The cookie is gone, or a login elsewhere has changed it: a fresh page has a token that fits. */
async function renewToken() {
  const response = await ask(location.href, { cache: "no-store" });
  const fresh = token(new DOMParser().parseFromString(await response.text(), "text/html"));
  document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", fresh);
  for (const field of document.querySelectorAll(`input[name="${TOKEN}"]`)) field.setAttribute("value", fresh);
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const seconds = Number(response.headers.get("Retry-After"));
  const message = body.error?.message || gettext("This did not work. Try again in a moment.");
  return new Refused(message, response.status, { code: body.error?.code, errors: body.errors, retryAfter: seconds || null, job: body.job });
}
