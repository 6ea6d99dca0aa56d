/** All pictures. */

import { startActions } from "./actions.js";
import { startGridKeys } from "./grid_keys.js";
import { startHelp } from "./help.js";
import "./page.js";
import { startScroll } from "./scroll.js";
import { startSearch } from "./search.js";
import { offerPicks, startSelection } from "./select.js";
import { startWatching } from "./watch.js";

startActions();
startGridKeys();
startHelp();
startSelection();
startScroll(offerPicks);
startSearch(offerPicks);
startWatching();
