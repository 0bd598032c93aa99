// The attempts that a page shows, renewed while mail comes: another one may be among it.

import { fragment, soon } from "../core/fragments.js";
import { live } from "../core/socket.js";
import { localise } from "../core/times.js";

const PAUSE_MS = 1000;
const TELLING = new Set(["message.created", "message.updated", "transaction.ended"]);

/** @param {HTMLElement} box */
async function renewOne(box) {
  const told = await fragment(/** @type {string} */ (box.dataset.attempts));
  const open = box.querySelector("details")?.open;
  localise(told);
  const fresh = told.querySelector("details");
  if (fresh && open !== undefined) fresh.open = open;
  const before = box.textContent?.trim();
  // What has not changed keeps its focus.
  if (before !== told.textContent?.trim()) box.replaceChildren(told);
}

const boxes = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-attempts]"));

const renew = soon(async () => {
  await Promise.all([...boxes()].map(renewOne));
}, PAUSE_MS);

live().subscribe("messages", {
  events(events) {
    if (boxes().length && events.some((each) => TELLING.has(each.event))) renew();
  },
});
