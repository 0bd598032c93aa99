// The checklist for when nothing arrives: it ticks itself off as sessions come in.

import { fragment, soon } from "../core/fragments.js";
import { live } from "../core/socket.js";
import { localise } from "../core/times.js";

const PAUSE_MS = 300;

const steps = /** @type {HTMLElement} */ (document.querySelector("[data-steps]"));
const query = `?word=${steps.dataset.steps}`;
history.replaceState(null, "", query); // a reload keeps the word

const refresh = soon(async () => {
  steps.replaceChildren(await fragment(`/nothing-arriving/steps${query}`));
  localise(steps);
}, PAUSE_MS);
live().subscribe("sessions", { load: refresh, events: refresh });
