// Desktop notifications of new mail, if they are on: from only one tab, at most one in two
// seconds, and none while the page has the focus.

import { find, getJSON } from "../core/dom.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import * as storage from "../core/storage.js";
import { fill, gettext, ngettext } from "../core/i18n.js";
import { soon } from "../core/timing.js";

const BETWEEN_MS = 2000;
const MANY = 20; // shown as "20+"

/** @typedef {{ id: string, subject: string, from: { name: string, address: string } | null }} Arrival */

export const wanted = () => storage.get("notify") === "on" && "Notification" in window && Notification.permission === "granted";

/** The text of a notification. @param {Arrival[]} arrivals newest first @returns {[string, string]} title and text */
export function words(arrivals) {
  const subjects = arrivals.map(({ subject }) => subject || gettext("(no subject)"));
  if (arrivals.length > 1) {
    const n = `${arrivals.length}${arrivals.length < MANY ? "" : "+"}`;
    const title = fill(ngettext("%(n)s new message", "%(n)s new messages", arrivals.length), { n });
    return [title, subjects.slice(0, 3).join("\n")];
  }
  const { from } = arrivals[0];
  return [from?.name || from?.address || gettext("New message"), subjects[0]];
}

/** @param {Arrival[]} arrivals */
function show(arrivals) {
  const [title, body] = words(arrivals);
  const notification = new Notification(title, { body, tag: "mailsink" });
  notification.onclick = () => {
    window.focus();
    location.assign(arrivals.length > 1 ? routes.inbox : routes.message(arrivals[0].id));
    notification.close();
  };
}

/** @returns {Promise<Arrival[]>} the newest messages; if the user has set addresses, the newest to these */
async function newest() {
  const mine = find("[data-mine]")?.dataset.mine ?? "";
  const found = await getJSON(routes.entries({ q: mine, show: "mail", limit: String(MANY) }));
  return found.items;
}

/** Notify of arrivals since the last notification in any tab: ids are in the order of arrival. */
const poll = soon(async () => {
  const found = await newest();
  const last = storage.get("notified") ?? found[0]?.id ?? "";
  const fresh = found.filter(({ id }) => id > last);
  storage.set("notified", fresh[0]?.id ?? last);
  if (fresh.length && !document.hasFocus()) show(fresh);
}, BETWEEN_MS);

function listen() {
  live().subscribe("messages", {
    load: poll,
    events: (events) => events.some(({ event }) => event === "message.created") && poll(),
  });
}

/** Notify of new mail, if notifications are on, in the tab that holds the lock. */
export function start() {
  if (!wanted()) return;
  if (!navigator.locks) return listen();
  navigator.locks.request("mailsink.notify", () => {
    listen();
    return new Promise(() => {}); // held until this tab closes
  });
}
