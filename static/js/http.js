/** Requests to our own server: JSON in and out, a time limit, and every failure as one kind of error. */

import { gettext } from "./text.js";

const LIMIT_MS = 20_000;

/** The server said no, or did not answer (`status` 0). `message` can be shown to people. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {number} status
   * @param {{errors?: Record<string, string[]>, retryAfter?: number | null}} [more]
   */
  constructor(message, status, more = {}) {
    super(message);
    this.status = status;
    this.errors = more.errors ?? null;
    this.retryAfter = more.retryAfter ?? null;
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
    response = await fetch(url, { credentials: "same-origin", ...options, signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refused(gettext("No connection. Check it and try again."), 0);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/**
 * @param {string} url
 * @param {Record<string, string> | URLSearchParams} [fields]
 * @returns {Promise<any>}
 */
export async function post(url, fields = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": token() };
  const response = await ask(url, { method: "POST", headers, body: new URLSearchParams(fields) });
  return response.json();
}

/** The token that this page was rendered with. */
function token() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

/** @param {Response} response */
async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const seconds = Number(response.headers.get("Retry-After"));
  const message = body.error?.message || gettext("This did not work. Try again in a moment.");
  return new Refused(message, response.status, { errors: body.errors, retryAfter: seconds || null });
}
