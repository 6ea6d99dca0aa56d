/** What every page has. */

import { offerToRestore } from "./actions.js";
import { startChanges } from "./changes.js";
import { startImages } from "./images.js";
import { startForgetting } from "./keeping.js";
import { startStaying } from "./offline.js";
import { startThemeSwitch } from "./theme_switch.js";
import { showLocalTimes } from "./times.js";
import { showKeptNotes, startUndoKey } from "./toast.js";

startThemeSwitch();
startChanges();
startStaying();
startForgetting();
startImages();
showLocalTimes();
showKeptNotes(offerToRestore);
startUndoKey();
