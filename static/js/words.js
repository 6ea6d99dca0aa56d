/** A job's state in words. Pure: job and seconds in, sentence out. The first paint says the same (images/words.py). */

import { fill, gettext, ngettext } from "./text.js";

const WAKING = "model_loading"; // its reason is a part of the sentence

/**
 * @param {JobStatus} job
 * @param {number} passed seconds since the server said this
 */
export function stateWords(job, passed) {
  if (job.status === "running") return drawing(job, passed);
  if (job.error) return retrying(job, passed);
  return waiting(job, passed);
}

/** Whether a waiting job is held up by a problem. @param {JobStatus} job */
export function isRetrying(job) {
  return job.status === "queued" && job.error !== null;
}

/** Whether it waits until somebody lets drawing go on. @param {JobStatus} job */
export function isPaused(job) {
  return isRetrying(job) && job.error?.retry_in === null;
}

/** What holds up a job that waits. @param {JobStatus} job */
export function whyWords(job) {
  return job.error && isRetrying(job) && job.error.code !== WAKING ? job.error.message : "";
}

/** "40 seconds", "3 minutes": rounded, because it is an estimate. @param {number} seconds @returns {string} */
function duration(seconds) {
  if (seconds > 90) {
    const minutes = Math.round(seconds / 60);
    return fill(ngettext("%(n)s minute", "%(n)s minutes", minutes), { n: minutes });
  }
  return exactly(seconds > 20 ? Math.ceil(seconds / 5) * 5 : Math.ceil(seconds));
}

/** What is not an estimate is counted down second by second. @param {number} seconds @returns {string} */
function exactly(seconds) {
  if (seconds > 90) return duration(seconds);
  return fill(ngettext("%(n)s second", "%(n)s seconds", seconds), { n: seconds });
}

/**
 * @param {JobStatus} job
 * @param {number} passed
 */
function drawing(job, passed) {
  if (job.eta_seconds === null) return gettext("Drawing");
  const left = job.eta_seconds - passed;
  if (left > 0) return fill(gettext("Drawing, about %(time)s left"), { time: duration(left) });
  if (left > -15) return gettext("Drawing, almost done");
  return gettext("Drawing, it takes longer than usual");
}

/**
 * @param {JobStatus} job
 * @param {number} passed
 */
function waiting(job, passed) {
  const left = (job.eta_seconds ?? 0) - passed;
  const place = placeInLine(job.queue_position);
  return left > 0 ? fill(gettext("%(place)s, about %(time)s"), { place, time: duration(left) }) : place;
}

/** @param {number | null} ahead */
function placeInLine(ahead) {
  if (ahead === null) return gettext("Waiting");
  if (ahead === 0) return gettext("Waiting, you are next");
  return fill(ngettext("Waiting, %(n)s ahead of you", "Waiting, %(n)s ahead of you", ahead), { n: ahead });
}

/**
 * @param {JobStatus} job
 * @param {number} passed
 */
function retrying(job, passed) {
  const wait = job.error?.retry_in;
  if (wait === null || wait === undefined) return gettext("Waiting");
  const again = tryingAgain(job.error?.code === WAKING, Math.ceil(wait - passed));
  return fill(gettext("%(again)s (%(next)s of %(most)s)"), { again, next: job.attempt + 1, most: job.max_attempts });
}

/**
 * @param {boolean} isWaking
 * @param {number} left seconds
 */
function tryingAgain(isWaking, left) {
  if (left <= 0) return isWaking ? gettext("The model is waking up, trying again") : gettext("Trying again");
  const words = isWaking ? gettext("The model is waking up, trying again in %(time)s") : gettext("Trying again in %(time)s");
  return fill(words, { time: exactly(left) });
}

/**
 * How far a drawing is, from 0 to 1; it never quite arrives by itself.
 * @param {JobStatus} job
 * @param {number} passed
 * @param {number} before seconds it had been drawn when the server said this
 */
export function share(job, passed, before) {
  if (job.status !== "running" || job.eta_seconds === null) return 0;
  const whole = before + job.eta_seconds;
  const done = before + passed;
  const plain = whole > 0 ? done / whole : 1;
  return plain < 0.9 ? plain : 1 - 0.1 * Math.exp((0.9 - plain) * 2);
}
