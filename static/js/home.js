/** The page where pictures are asked for. */

import { startActions } from "./actions.js";
import { find } from "./dom.js";
import { startFields } from "./fields.js";
import { startGridKeys } from "./grid_keys.js";
import { startModel } from "./model.js";
import "./page.js";
import { startSamples } from "./samples.js";
import { startSeed } from "./seed.js";
import { startSettings } from "./settings.js";
import { startSubmit } from "./submit.js";
import { startWatching } from "./watch.js";

const form = find("[data-form]");
if (form instanceof HTMLFormElement) {
  startSettings(form);
  startSeed(form);
  startModel(form);
  startFields(form);
  startSamples(form);
  startSubmit(form);
}
startActions();
startGridKeys();
startWatching();
