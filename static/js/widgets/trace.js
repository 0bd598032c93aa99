// Where is my mail? The answer stays true while it is open: it is asked for anew, not too
// often, when something happens on the wire, and now and then since it tells how long ago.

import { fragment, soon } from "../core/fragments.js";
import { announce } from "../core/toast.js";
import { live } from "../core/socket.js";
import { localise } from "../core/times.js";

const PAUSE_MS = 2000;
const AGAIN_MS = 30_000;

const box = /** @type {HTMLElement} */ (document.querySelector("[data-answer]"));

/** What the newest evidence is. @param {ParentNode} root */
const newest = (root) => /** @type {HTMLElement | null} */ (root.querySelector("[data-newest]"))?.dataset.newest;

let shown = "";

const refresh = soon(async () => {
  if (document.hidden) return;
  const answer = await fragment(`/trace/answer${location.search}`);
  const text = answer.textContent ?? "";
  if (text === shown) return;
  shown = text;
  const happened = newest(answer) !== newest(box);
  const focused = box.contains(document.activeElement) && document.activeElement?.getAttribute("href");
  box.replaceChildren(answer);
  localise(box);
  if (focused) /** @type {HTMLElement | null} */ (box.querySelector(`[href="${CSS.escape(focused)}"]`))?.focus();
  if (happened) announce(box.querySelector(".sentence")?.textContent ?? "");
}, PAUSE_MS);

for (const topic of ["messages", "sessions"]) live().subscribe(topic, { load: refresh, events: refresh });
setInterval(refresh, AGAIN_MS);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
