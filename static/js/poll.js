/** Asks for the state of all jobs on the page, as often as the server says, and never gives up. */

import { ask, Refused } from "./http.js";

const MOST_IDS = 100; // in one request
const QUICK_MS = 1000;
const QUICK_FOR_MS = 10_000;
const SLOWEST_MS = 5000;
const SLOWEST_AFTER_ERRORS_MS = 30_000;
const WHILE_HIDDEN = 4;
const GROWTH = 1.5;

export class Poller {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #asking = false;
  #again = false;
  #failures = 0;
  #began = 0;
  #pause = QUICK_MS;
  #last = { url: "", tag: "", wait: 0 }; // what was answered last

  /**
   * @param {string} url
   * @param {() => string[]} ids of the jobs that still wait or run
   * @param {(jobs: JobStatus[], missing: string[], now: number) => void} apply `now` is the server's clock
   * @param {(lost: boolean) => void} lost
   */
  constructor(url, ids, apply, lost) {
    this.url = url;
    this.ids = ids;
    this.apply = apply;
    this.lost = lost;
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    addEventListener("online", () => this.wake());
    addEventListener("pageshow", (event) => event.persisted && this.wake());
  }

  /** Ask now: something was submitted, the page is seen again, the line is back. */
  wake() {
    this.#began = performance.now();
    this.#pause = QUICK_MS;
    if (this.#asking) this.#again = true;
    else this.#ask();
  }

  /** Ask in a while. @param {number} wait milliseconds */
  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), document.hidden ? wait * WHILE_HIDDEN : wait);
  }

  async #ask() {
    clearTimeout(this.#timer);
    const ids = this.ids();
    if (!ids.length) return this.#found();
    this.#asking = true;
    this.#again = false;
    let wait;
    try {
      wait = await this.#round(ids);
    } catch (error) {
      wait = this.#failed(error);
    }
    this.#asking = false;
    this.#later(this.#again ? 0 : wait);
  }

  /**
   * One request after the other, so that every job has its turn.
   * @param {string[]} ids
   * @returns {Promise<number>} milliseconds to the next time
   */
  async #round(ids) {
    let soonest = Infinity;
    for (let at = 0; at < ids.length; at += MOST_IDS) {
      soonest = Math.min(soonest, await this.#once(ids.slice(at, at + MOST_IDS)));
    }
    return soonest;
  }

  /**
   * @param {string[]} ids
   * @returns {Promise<number>}
   */
  async #once(ids) {
    const query = new URLSearchParams(ids.map((id) => ["id", id]));
    const url = `${this.url}?${query}`;
    const response = await this.#response(url);
    this.#found();
    if (response?.status === 304) return this.#last.wait || this.#ownPace();
    /** @type {StatusAnswer} */
    const answer = response ? await response.json() : { jobs: [], poll_after_ms: 0 };
    this.#last = { url, tag: response?.headers.get("ETag") ?? "", wait: answer.poll_after_ms };
    const known = new Set(answer.jobs.map((job) => job.id));
    this.apply(answer.jobs, ids.filter((id) => !known.has(id)), Date.parse(response?.headers.get("Date") ?? "") || Date.now());
    return answer.poll_after_ms || this.#ownPace();
  }

  /**
   * Nothing, when the server knows none of these ids. The browser's own memory is left out: on 304 it would say
   * again what was true earlier, and a reload would count an old estimate anew.
   * @param {string} url
   */
  async #response(url) {
    const { url: before, tag } = this.#last;
    const headers = { Accept: "application/json", ...(tag && before === url ? { "If-None-Match": tag } : {}) };
    try {
      return await ask(url, { headers, cache: "no-store" });
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return null;
      throw error;
    }
  }

  #found() {
    this.#failures = 0;
    this.lost(false);
  }

  /** @param {unknown} error */
  #failed(error) {
    if (error instanceof Refused && error.status === 401) location.reload(); // logged out: the page leads to the login
    this.#failures += 1;
    this.lost(true);
    const own = QUICK_MS * GROWTH ** (this.#failures - 1);
    const told = error instanceof Refused && error.retryAfter ? error.retryAfter * 1000 : 0;
    return Math.min(Math.max(own, told), SLOWEST_AFTER_ERRORS_MS);
  }

  #ownPace() {
    if (performance.now() - this.#began > QUICK_FOR_MS) this.#pause = Math.min(this.#pause * GROWTH, SLOWEST_MS);
    return this.#pause;
  }
}
