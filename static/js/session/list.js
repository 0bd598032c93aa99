// The lists of sessions, live: a new session shows at once with the facts of the feed,
// and a moment later in the server's words. The lists stay short however many come.

import { el, setText } from "../core/dom.js";
import { timeOfDay } from "../core/format.js";
import { morph, renewal } from "../core/fragments.js";
import { live } from "../core/socket.js";
import * as ticking from "../widgets/elapsed.js";
import { soon } from "../core/timing.js";

const AT_ONCE = 50; // rows that one fetch brings; beyond it the lists are loaded anew
const SHOWN = 200; // rows of each list, at most

const box = /** @type {HTMLElement} */ (document.querySelector("[data-sessions]"));
const filter = box.dataset.filter ?? ""; // of the list, as a query: what does not match does not appear
const PAUSE_MS = filter ? 1500 : 400; // a filter looks at many exchanges
/** @type {Set<string>} sessions whose rows are to be fetched */
const stale = new Set();
let all = false;

/** @param {"live" | "ended"} name */
const list = (name) => /** @type {HTMLElement} */ (box.querySelector(`[data-${name}]`));
/** @param {string} id @returns {HTMLElement | null} */
const rowOf = (id) => box.querySelector(`[data-id="${CSS.escape(id)}"]`);

/** Put a row where its id belongs: ids grow with time, the newest is on top. @param {HTMLElement} row */
function place(row) {
  const id = row.dataset.id ?? "";
  const rows = list("open" in row.dataset ? "live" : "ended");
  const old = rowOf(id);
  const focused = old?.contains(document.activeElement);
  let before = /** @type {HTMLElement | null} */ (rows.firstElementChild);
  while (before && (before === old || (before.dataset.id ?? "") > id)) {
    before = /** @type {HTMLElement | null} */ (before.nextElementSibling);
  }
  rows.insertBefore(row, before);
  old?.remove();
  if (focused) row.querySelector("a")?.focus();
  while (rows.childElementCount > SHOWN) rows.lastElementChild?.remove();
}

function showParts() {
  for (const name of /** @type {const} */ (["live", "ended"])) {
    const part = /** @type {HTMLElement} */ (box.querySelector(`[data-part="${name}"]`));
    part.hidden = !list(name).childElementCount;
  }
  const none = /** @type {HTMLElement} */ (box.querySelector('[data-part="none"]'));
  none.hidden = Boolean(box.querySelector("[data-id]"));
  const { selected } = box.dataset;
  if (selected) rowOf(selected)?.querySelector("a")?.setAttribute("aria-current", "page");
}

/** What the client calls itself. @param {any} session */
const peer = (session) => session.helo || `[${session.client_address}]`;

/** A session's row until the server's comes. @param {any} session */
function sketch(session) {
  const open = session.ending === null;
  const when = open
    ? el("span", { class: "when ok number" }, "live ", el("span", { "data-elapsed": "0" }, "0:00"))
    : el("time", { class: "when dim number", datetime: session.opened_at }, timeOfDay(new Date(session.opened_at)));
  return el("li", { class: "session", "data-id": session.id, "data-open": open },
    el("a", { href: `/sessions/${session.id}` },
      el("span", { class: open ? "dot on pulse" : "dot", "aria-hidden": "true" }),
      el("b", { class: "peer" }, peer(session)),
      el("span", { class: "said" }, "…"),
      el("span", { class: "client dim" }, session.client_address),
      el("span", { class: "protocol dim" }, session.protocol),
      el("span", { class: "took" }),
      when));
}

const refresh = soon(async () => {
  if (all || stale.size > AT_ONCE) {
    all = false;
    stale.clear();
    morph(box, await renewal(`/sessions/rows?${filter}`));
  } else {
    const asked = [...stale];
    const query = new URLSearchParams(asked.map((id) => ["id", id]));
    stale.clear();
    const rows = /** @type {NodeListOf<HTMLElement>} */ ((await renewal(`/sessions/rows?${query}&${filter}`)).querySelectorAll("li"));
    const matching = new Set([...rows].map((row) => row.dataset.id));
    for (const id of asked) if (!matching.has(id)) rowOf(id)?.remove();
    for (const row of rows) place(row);
  }
  showParts();
}, PAUSE_MS);

if ("growing" in box.dataset) {
  live().subscribe("sessions", {
    load() {
      all = true;
      refresh();
    },
    events(events) {
      for (const event of events) {
        const id = /** @type {string} */ (event.id);
        stale.add(id);
        const row = rowOf(id);
        if (row) setText(/** @type {Element} */ (row.querySelector(".peer")), peer(event));
        else if (!filter && stale.size <= AT_ONCE) place(sketch(event));
      }
      showParts();
      refresh();
    },
  });
}

const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-filter-form]"));
form?.addEventListener("change", (event) => {
  if (event.target instanceof HTMLSelectElement) form.requestSubmit();
});
form?.addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});
ticking.start();
