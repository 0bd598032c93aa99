// The status line's facts: the last connection since the start, and how many are live.
// Told by the API first, then by the feed; asked for again now and then, so that what the
// feed and the answer both told, or neither, does not stay wrong.

import { getJSON, setText } from "../core/dom.js";
import { ago } from "../core/format.js";
import { live } from "../core/socket.js";
import { fill, gettext } from "../core/i18n.js";

const AGAIN_MS = 10_000;

/** @typedef {{ at: number, from: string }} Connection  at: Unix time, ms */

export class Wire {
  /** How many sessions are live. */
  open = 0;
  /** @type {Connection | null} */
  last = null;

  /** Take what /api/v3/info says. @param {any} info @param {number} now Unix time, ms */
  told(info, now) {
    this.open = info.counts.live_sessions;
    const last = info.last_connection;
    // A second's grace: uptime is told in whole seconds.
    if (last && Date.parse(last.at) > now - (info.uptime + 1) * 1000) {
      this.#connected({ at: Date.parse(last.at), from: last.client_address });
    }
  }

  /** Take one event of the feed. @param {import("../core/socket.js").LiveEvent} event */
  take(event) {
    if (event.event === "session.closed") this.open = Math.max(0, this.open - 1);
    if (event.event !== "session.opened") return;
    this.open += 1;
    this.#connected({ at: Date.parse(event.opened_at), from: event.client_address });
  }

  /** @param {Connection} connection */
  #connected(connection) {
    if (!this.last || connection.at > this.last.at) this.last = connection;
  }
}

/** Keep the status line true. */
export function start() {
  const line = /** @type {HTMLElement} */ (document.querySelector("[data-last-connection]"));
  const badge = /** @type {HTMLElement} */ (document.querySelector("[data-live-sessions]"));
  const wire = new Wire();
  let askedAt = 0;
  let news = false;
  const ask = async () => {
    [askedAt, news] = [Date.now(), false];
    try {
      wire.told(await getJSON("/api/v3/info"), Date.now());
    } catch (error) {
      console.error(error); // the line stays as it is; it is asked for again
    }
  };
  live().subscribe("sessions", {
    load: ask,
    events(events) {
      news = true;
      for (const event of events) wire.take(event);
    },
  });
  setInterval(() => {
    const { last, open } = wire;
    if (last) setText(line, fill(gettext("last connection %(ago)s from %(client)s"), { ago: ago(Date.now() - last.at), client: last.from }));
    setText(badge, open ? `${open} live` : "");
    if (news && Date.now() - askedAt > AGAIN_MS) ask();
  }, 500);
}
