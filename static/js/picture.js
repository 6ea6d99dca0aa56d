/** One picture. */

import { startActions } from "./actions.js";
import { startCopy } from "./copy.js";
import { find } from "./dom.js";
import { startHelp } from "./help.js";
import "./page.js";
import { followDrawing, sharpen } from "./stage.js";
import { deleteAndGoOn, startKeys, startSwipe } from "./view_keys.js";
import { startWatching } from "./watch.js";
import { startZoom } from "./zoom.js";

const view = find("[data-view]");
if (view) {
  startActions({ delete: deleteAndGoOn });
  startHelp();
  startCopy();
  startKeys(view);
  startSwipe(view);
  startZoom();
  sharpen();
  followDrawing();
}
startWatching();
