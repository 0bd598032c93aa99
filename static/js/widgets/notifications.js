// Desktop notifications of new mail, for who asked for them: from one tab alone, at most
// one in two seconds, and none while the page is looked at.

import { getJSON } from "../core/dom.js";
import { soon } from "../core/fragments.js";
import { keep, kept } from "../core/storage.js";
import { live } from "../core/socket.js";
import { fill, gettext, ngettext } from "../core/i18n.js";

const BETWEEN_MS = 2000;
const MANY = 20; // are told as so many, or more

/** @typedef {{ id: string, subject: string, from: { name: string, address: string } | null }} Arrival */

export const wanted = () => kept("notify") === "on" && "Notification" in window && Notification.permission === "granted";

/** What a notification says. @param {Arrival[]} arrivals newest first @returns {[string, string]} its title and its text */
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
function tell(arrivals) {
  const [title, body] = words(arrivals);
  const told = new Notification(title, { body, tag: "mailsink" });
  told.onclick = () => {
    window.focus();
    location.assign(arrivals.length > 1 ? "/" : `/messages/${arrivals[0].id}`);
    told.close();
  };
}

/** @returns {Promise<Arrival[]>} the newest, of those that are mine if I named addresses */
async function newest() {
  const mine = /** @type {HTMLElement | null} */ (document.querySelector("[data-mine]"))?.dataset.mine ?? "";
  const found = await getJSON(`/entries?${new URLSearchParams({ q: mine, refused: "hide", limit: String(MANY) })}`);
  return found.items;
}

/** Tell what came since the last time, of whichever tab: ids are in the order of arrival. */
const look = soon(async () => {
  const found = await newest();
  const told = kept("told") ?? found[0]?.id ?? "";
  const fresh = found.filter(({ id }) => id > told);
  keep("told", fresh[0]?.id ?? told);
  if (fresh.length && !document.hasFocus()) tell(fresh);
}, BETWEEN_MS);

function listen() {
  live().subscribe("messages", {
    load: look,
    events: (events) => events.some(({ event }) => event === "message.created") && look(),
  });
}

/** Tell of new mail, if it is wanted: in the tab that holds the lock. */
export function start() {
  if (!wanted()) return;
  if (!navigator.locks) return listen();
  navigator.locks.request("mailsink.notify", () => {
    listen();
    return new Promise(() => {}); // held until this tab closes
  });
}
