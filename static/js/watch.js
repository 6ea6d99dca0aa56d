/** Follows every job on the page from its first word to its picture. */

import { announce } from "./announce.js";
import { showGone, showJob } from "./card.js";
import { find, findAll, slots } from "./dom.js";
import { countInTitle, endWords, tellEnd } from "./notify.js";
import { Poller } from "./poll.js";
import { isPaused, isRetrying, share, stateWords, whyWords } from "./words.js";

const TICK_MS = 1000;

/** @typedef {{card: HTMLElement, job: JobStatus, heard: number, before: number, done: number}} Watched */

/** @type {Map<string, Watched>} */
const watched = new Map();
/** @type {Set<(job: JobStatus) => void>} */
const listeners = new Set();
/** @type {Poller | undefined} */
let poller;
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;

/** Take up every card that the server sent as waiting or running. */
export function startWatching() {
  const url = document.getElementById("card-template")?.dataset.statusUrl;
  if (!url) return;
  poller = new Poller(url, () => [...watched.keys()], hear, showLost);
  find("[data-try-now]")?.addEventListener("click", () => poller?.wake());
  for (const card of findAll('[data-card]:is([data-state="queued"], [data-state="running"])')) {
    const known = card.querySelector('script[type="application/json"]')?.textContent;
    if (known) watch(card, JSON.parse(known));
  }
}

/**
 * @param {HTMLElement} card
 * @param {JobStatus} job
 */
export function watch(card, job) {
  watched.delete(job.id);
  showJob(card, job);
  if (!isLive(job)) return settle(job);
  const one = { card, job, heard: performance.now(), before: 0, done: 0 }; // the first answer tells the server's time
  watched.set(job.id, one);
  show(one);
  changed();
  poller?.wake();
}

/** Be told when a job has come to its end. @param {(job: JobStatus) => void} listener */
export function onEnd(listener) {
  listeners.add(listener);
}

/**
 * @param {JobStatus[]} jobs
 * @param {string[]} missing
 * @param {number} now the server's clock
 */
function hear(jobs, missing, now) {
  for (const job of jobs) {
    const known = watched.get(job.id);
    if (known) update(known, job, now);
  }
  for (const id of missing) {
    const lost = watched.get(id);
    if (lost) showGone(lost.card);
    watched.delete(id);
  }
  changed();
}

/**
 * @param {Watched} known
 * @param {JobStatus} job
 * @param {number} now
 */
function update(known, job, now) {
  const before = known.job;
  const heard = isLate(before) && isLate(job) ? known.heard : performance.now(); // how late it is, only we can tell
  Object.assign(known, { job, heard, before: drawnFor(job, now) });
  showJob(known.card, job);
  if (!isLive(job)) {
    watched.delete(job.id);
    return settle(job);
  }
  show(known);
  if (before.status !== job.status || isRetrying(before) !== isRetrying(job)) announce(`${stateWords(job, 0)}.`);
}

/** @param {JobStatus} job */
function settle(job) {
  announce(endWords(job));
  tellEnd(job);
  changed();
  listeners.forEach((listener) => listener(job));
}

/** The line never goes back while a picture is drawn. @param {Watched} one */
function show(one) {
  const { card, job, heard, before } = one;
  const passed = (performance.now() - heard) / 1000;
  card.classList.toggle("is-retrying", isRetrying(job));
  card.classList.toggle("is-paused", isPaused(job));
  for (const slot of slots(card, "words")) setText(slot, stateWords(job, passed));
  for (const slot of slots(card, "why")) {
    setText(slot, whyWords(job));
    slot.hidden = !slot.textContent;
  }
  one.done = job.status === "running" ? Math.max(one.done, share(job, passed, before)) : 0;
  for (const slot of slots(card, "line")) {
    slot.setAttribute("aria-valuenow", String(Math.round(one.done * 100)));
    slot.style.setProperty("--share", one.done.toFixed(3));
  }
}

/**
 * @param {HTMLElement} slot
 * @param {string} text
 */
function setText(slot, text) {
  if (slot.textContent !== text) slot.textContent = text;
}

function changed() {
  countInTitle(watched.size);
  if (watched.size && !ticking) ticking = setInterval(() => watched.forEach(show), TICK_MS);
  if (!watched.size && ticking) ticking = void clearInterval(ticking);
}

/** @param {boolean} lost */
function showLost(lost) {
  const bar = find("[data-lost]");
  if (bar) bar.hidden = !lost;
}

/** Drawn for longer than usual. @param {JobStatus} job */
function isLate(job) {
  return job.status === "running" && job.eta_seconds === 0;
}

/** @param {JobStatus} job */
function isLive(job) {
  return job.status === "queued" || job.status === "running";
}

/**
 * @param {JobStatus} job
 * @param {number} now milliseconds
 */
function drawnFor(job, now) {
  if (job.status !== "running" || !job.started_at) return 0;
  return Math.max(0, (now - Date.parse(job.started_at)) / 1000);
}
