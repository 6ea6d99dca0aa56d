/** The tab's title counts running pictures; a notification tells the end, for those who want one. */

import { find } from "./dom.js";
import { recall, remember } from "./store.js";
import { beginning, fill, gettext } from "./text.js";
import { toast } from "./toast.js";

const KEY = "notify";
const plainTitle = document.title;

/** @param {number} running */
export function countInTitle(running) {
  document.title = running ? `(${running}) ${plainTitle}` : plainTitle;
  offer(running > 0);
}

/** @param {JobStatus} job */
export function tellEnd(job) {
  if (job.status === "canceled" || !document.hidden || !isWanted()) return;
  const words = job.status === "succeeded" ? gettext("Your picture is ready") : gettext("A picture failed");
  try {
    const note = new Notification(words, { body: beginning(job.prompt, 120), tag: job.id, icon: job.image?.thumbnail_url });
    note.onclick = () => {
      window.focus();
      note.close();
    };
  } catch {
    // Some phones allow notifications only from a service worker.
  }
}

function isPossible() {
  return "Notification" in window && window.isSecureContext && Notification.permission !== "denied";
}

function isWanted() {
  return isPossible() && Notification.permission === "granted" && recall(KEY, false);
}

/** The button is there only while it can help; pressed again, it is off. @param {boolean} running */
function offer(running) {
  const button = find("[data-notify]");
  if (!button) return;
  button.hidden = !running || !isPossible();
  button.setAttribute("aria-pressed", String(isWanted()));
  button.onclick = async () => {
    remember(KEY, !isWanted() && (await isAllowed()));
    button.hidden ||= !isPossible();
    button.setAttribute("aria-pressed", String(isWanted()));
  };
}

async function isAllowed() {
  const answer = await Notification.requestPermission();
  if (answer === "denied") toast(gettext("The browser does not allow messages from this page. Its settings can change that."));
  return answer === "granted";
}

/**
 * What is said aloud when a job ends.
 * @param {JobStatus} job
 */
export function endWords(job) {
  const prompt = beginning(job.prompt, 60);
  if (job.status === "succeeded") return fill(gettext("Picture ready: %(prompt)s."), { prompt });
  if (job.status === "canceled") return gettext("Canceled.");
  return job.error?.message || gettext("No picture came.");
}
