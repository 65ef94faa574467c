// The waiting room's screen: nothing to touch, it only follows.

import { follow } from "./live.js";

follow();
document.body.dataset.ready = "yes";
