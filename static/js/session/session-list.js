// The live lists of sessions: a new session appears at once with the facts from the feed, and a moment
// later as the server's row. The lists stay short with any number of sessions.

import { $, $$, find, setText } from "../core/dom.js";
import { timeOfDay } from "../core/format.js";
import { morph, renewal, unpressed } from "../core/fragments.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import * as elapsed from "../widgets/elapsed.js";
import { soon } from "../core/timing.js";

const AT_ONCE = 50; // rows in one fetch; for more, the lists are loaded again
const SHOWN = 200; // rows of each list, at most

const box = $("[data-sessions]");
const filter = box.dataset.filter ?? ""; // the list's query: other sessions do not appear
const PAUSE_MS = filter ? 1500 : 400; // a filter reads many exchanges
/** @type {Set<string>} sessions whose rows must be fetched */
const stale = new Set();
let all = false;

/** @param {"live" | "ended"} name */
const list = (name) => $(`[data-${name}]`, box);
/** @param {string} id */
const rowOf = (id) => find(`[data-id="${CSS.escape(id)}"]`, box);

/** Put a row at the place of its id: ids grow with time, and the newest is on top. @param {HTMLElement} row */
function place(row) {
  const id = row.dataset.id ?? "";
  const rows = list("open" in row.dataset ? "live" : "ended");
  const old = rowOf(id);
  const focused = old?.contains(document.activeElement);
  const next = $$("[data-id]", rows).find((each) => each !== old && (each.dataset.id ?? "") <= id);
  rows.insertBefore(row, next ?? null);
  old?.remove();
  const { probes } = row.dataset; // the last probe of a client in an hour represents all
  if (probes) for (const each of $$(`[data-probes="${CSS.escape(probes)}"]`, box)) if (each !== row) each.remove();
  if (focused) find("a", row)?.focus({ preventScroll: true });
  while (rows.childElementCount > SHOWN) rows.lastElementChild?.remove();
}

function showParts() {
  for (const name of /** @type {const} */ (["live", "ended"])) {
    $(`[data-part="${name}"]`, box).hidden = !list(name).childElementCount;
  }
  $(".columns", box).hidden = !find("[data-id]", box);
  $('[data-part="none"]', box).hidden = Boolean(find("[data-id]", box));
  const { selected } = box.dataset;
  if (selected) find("a", rowOf(selected))?.setAttribute("aria-current", "page");
}

/** The client's name and address; only once if they are the same. @param {any} session */
function peer({ helo, client_address: address }) {
  return !helo || [`[${address}]`, `[IPv6:${address}]`].includes(helo) ? address : helo;
}

/** A session's row until the server's row arrives. @param {any} session */
function sketch(session) {
  const row = $("li", document.importNode($("template[data-sketch]", box, HTMLTemplateElement).content, true));
  const time = $("time", row, HTMLTimeElement);
  row.dataset.id = session.id;
  $("a", row, HTMLAnchorElement).href = routes.session(session.id);
  setText($(".peer", row), peer(session));
  time.dateTime = session.opened_at;
  setText(time, timeOfDay(new Date(session.opened_at)));
  if (session.ending !== null) {
    delete row.dataset.open;
    $(".dot", row).className = "dot";
    $(".took", row).replaceChildren();
  }
  return row;
}

/** Fetch some rows, or all; after a failure, all must be fetched. @param {import("../core/routes.js").Query} query */
async function fetched(query) {
  all = false;
  stale.clear();
  return renewal(routes.sessionRows(query)).catch((error) => {
    all = true;
    throw error;
  });
}

const refresh = soon(async () => {
  if (all || stale.size > AT_ONCE) morph(box, await fetched(filter));
  else {
    const asked = [...stale];
    const query = new URLSearchParams([...asked.map((id) => ["id", id]), ...new URLSearchParams(filter)]);
    const rows = $$("li", await fetched(query));
    const matching = new Set(rows.map((row) => row.dataset.id));
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
    async events(events) {
      await unpressed(); // no row must move away under a pressed pointer
      for (const event of events) {
        const id = /** @type {string} */ (event.id);
        stale.add(id);
        const row = rowOf(id);
        if (row) setText($(".peer", row), peer(event));
        else if (!filter && stale.size <= AT_ONCE) place(sketch(event));
      }
      showParts();
      refresh();
    },
  });
}

const form = find("[data-filter-form]", document, HTMLFormElement);
form?.addEventListener("change", (event) => {
  if (event.target instanceof HTMLSelectElement) form.requestSubmit();
});
form?.addEventListener("formdata", ({ formData }) => {
  for (const [name, value] of [...formData]) if (!value) formData.delete(name);
});
elapsed.start();
