// What every page does: the theme, the shortcuts, the clock times, and the status line.

import { getJSON, setText } from "./dom.js";
import { ago, timeOfDay } from "./format.js";
import * as keys from "./keys.js";
import { toast } from "./say.js";
import { live } from "./socket.js";
import * as theme from "./themes.js";
import { localise } from "./times.js";

function showLamp() {
  const lamp = /** @type {HTMLElement} */ (document.querySelector("[data-lamp]"));
  const words = /** @type {HTMLElement} */ (document.querySelector("[data-lamp-text]"));
  const notice = /** @type {HTMLElement} */ (document.getElementById("reconnecting"));
  live().watch((state) => {
    lamp.dataset.lamp = state;
    setText(words, { live: "Live", waiting: "Reconnecting…", connecting: "Connecting…" }[state]);
    notice.hidden = state !== "waiting";
    setText(notice, `Reconnecting… showing mail up to ${timeOfDay(live().seenAt)}`);
  });
}

/** The last connection, and how many are live: by the API first, then by the feed. */
function showWire() {
  const line = /** @type {HTMLElement} */ (document.querySelector("[data-last-connection]"));
  const badge = /** @type {HTMLElement} */ (document.querySelector("[data-live-sessions]"));
  /** @type {Set<string>} */
  const open = new Set();
  const show = () => {
    const { at, from } = line.dataset;
    if (at) setText(line, `last connection ${ago(Date.now() - Date.parse(at))} from ${from}`);
    setText(badge, open.size ? `${open.size} live` : "");
  };
  /** @param {{ opened_at: string, client_address: string }} session */
  const connected = ({ opened_at: at, client_address: from }) => {
    if (line.dataset.at && Date.parse(at) < Date.parse(line.dataset.at)) return;
    Object.assign(line.dataset, { at, from });
  };
  live().subscribe("sessions", {
    async load() {
      try {
        const info = await getJSON("/api/v3/info");
        if (info.last_connection) connected(info.last_connection);
      } catch (error) {
        console.error(error); // the line stays as it was: the feed goes on
      }
      show();
    },
    events(events) {
      for (const event of events) {
        if (event.event === "session.opened") connected(/** @type {any} */ (event));
        if (event.event === "session.closed") open.delete(/** @type {string} */ (event.id));
        else if (event.ending === null) open.add(/** @type {string} */ (event.id));
      }
    },
  });
  setInterval(show, 1000);
}

localise(document);
document.addEventListener("htmx:afterSwap", (event) => localise(/** @type {Element} */ (event.target)));
document.addEventListener("htmx:responseError", (event) => {
  const { xhr, pathInfo } = /** @type {CustomEvent} */ (event).detail;
  toast(`${pathInfo.requestPath} answered ${xhr.status} ${xhr.statusText}`);
});
document.addEventListener("htmx:sendError", () => toast("The server cannot be reached"));
keys.start();
theme.start();
showLamp();
showWire();
