/** What every page has. */

import { restoreAndShow } from "./actions.js";
import { startThemeSwitch } from "./theme_switch.js";
import { showLocalTimes } from "./times.js";
import { showKeptNotes } from "./toast.js";

startThemeSwitch();
showLocalTimes();
showKeptNotes(restoreAndShow);
