// The trash, renewed while messages are deleted and restored; what is ticked stays so.

import { fragment, inUse, onceFree, soon } from "../core/fragments.js";
import { live } from "../core/socket.js";
import { localise } from "../core/times.js";

const PAUSE_MS = 1000;
const box = () => /** @type {HTMLElement} */ (document.getElementById("trash"));
const ticked = () => [...box().querySelectorAll("input:checked")].map((each) => /** @type {HTMLInputElement} */ (each).value);

/** No button offers what needs a choice before there is one. */
function judge() {
  const button = /** @type {HTMLButtonElement | null} */ (box().querySelector("[data-restore-chosen]"));
  if (button) button.disabled = ticked().length === 0;
}

const renew = soon(async () => {
  const found = (await fragment(location.href)).querySelector("#trash");
  if (!found) return;
  if (inUse(box())) {
    onceFree(box(), renew); // anew, since more may have come by then
    return;
  }
  localise(found);
  const chosen = new Set(ticked());
  box().replaceWith(found);
  for (const each of box().querySelectorAll("input[type=checkbox]")) {
    const tick = /** @type {HTMLInputElement} */ (each);
    tick.checked = chosen.has(tick.value);
  }
  judge();
}, PAUSE_MS);

document.addEventListener("change", judge);
judge();
live().subscribe("messages", {
  load: renew,
  events(events) {
    // One that is restored comes as created.
    if (events.some(({ event }) => event === "message.deleted" || event === "message.created")) renew();
  },
});
