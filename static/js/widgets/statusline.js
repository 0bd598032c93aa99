// The facts in the status line: the last connection since the start, and the number of live sessions.
// They come from the API first, then from the feed. They are read again now and then, so that a session
// which both have counted, or neither, does not leave a wrong number.

import { $, getJSON, setText } from "../core/dom.js";
import { ago } from "../core/format.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import { fill, gettext } from "../core/i18n.js";

const AGAIN_MS = 10_000;

/** @typedef {{ at: number, from: string }} Connection  at: Unix time, ms */

export class Connections {
  /** How many sessions are live. */
  open = 0;
  /** @type {Connection | null} */
  last = null;

  /** Apply the answer of /api/v3/info. @param {any} info @param {number} now Unix time, ms */
  load(info, now) {
    this.open = info.counts.live_sessions;
    const last = info.last_connection;
    // Allow one second: uptime is in whole seconds.
    if (last && Date.parse(last.at) > now - (info.uptime + 1) * 1000) {
      this.#connected({ at: Date.parse(last.at), from: last.client_address });
    }
  }

  /** Apply one event of the feed. @param {import("../core/socket.js").LiveEvent} event */
  apply(event) {
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

/** Keep the status line current. */
export function start() {
  const line = $("[data-last-connection]");
  const badge = $("[data-count=sessions]");
  const connections = new Connections();
  let readAt = 0;
  let news = false;
  const read = async () => {
    [readAt, news] = [Date.now(), false];
    try {
      connections.load(await getJSON(routes.info), Date.now());
    } catch (error) {
      console.error(error); // the line stays, and is read again later
    }
  };
  live().subscribe("sessions", {
    load: read,
    events(events) {
      news = true;
      for (const event of events) connections.apply(event);
    },
  });
  setInterval(() => {
    const { last, open } = connections;
    if (last) setText(line, fill(gettext("Last connection %(ago)s from %(client)s"), { ago: ago(Date.now() - last.at), client: last.from }));
    setText(badge, open ? `${open} live` : "");
    if (news && Date.now() - readAt > AGAIN_MS) read();
  }, 500);
}
