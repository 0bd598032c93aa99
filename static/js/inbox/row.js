// One entry of the inbox as a row: its texts, and their place in the markup. The server's first page has
// the same texts (inbox/presenters/rows.py); tests/rows.json checks both. A folded burst is a row too.

import { person } from "../core/bidi.js";
import { $, $$, byId, setText } from "../core/dom.js";
import { isFold } from "./folds.js";
import { count, octets, when } from "../core/format.js";
import { fill as filled, gettext } from "../core/i18n.js";
import { routes } from "../core/routes.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("./folds.js").Fold} Fold */
/**
 * @typedef {object} Words
 * @property {string} url
 * @property {string} sender a name, or else an address
 * @property {string} senderWhole name and address
 * @property {string} recipient
 * @property {number} more recipients after the first
 * @property {string} subject
 * @property {string} snippet
 * @property {string} at
 * @property {string} size
 * @property {string} remark unusual facts
 * @property {boolean} failed whether it was not accepted
 * @property {string} verdict the status from users: "", "ok" or "bug"
 * @property {string} tags
 * @property {string} inbox
 * @property {boolean} unread
 * @property {boolean} clip
 * @property {boolean} pinned
 * @property {boolean} noted
 * @property {string} assignee the name of a user, or ""
 */

const TAGS_SHOWN = 3;

/**
 * The sender in short and in full: from the header, else from the envelope.
 * @param {{ name: string, address: string }} from @param {string} path
 */
function sender(from, path) {
  if (from.name || from.address) return { sender: from.name || from.address, senderWhole: person(from.name, from.address) };
  if (path) return { sender: path, senderWhole: filled(gettext("%(address)s (envelope)"), { address: path }) };
  return { sender: gettext("no sender"), senderWhole: gettext("no sender") };
}

/**
 * The texts of a row for a message, or for a transaction that was not accepted.
 * @param {Entry} entry in the form of API v3
 * @returns {Words}
 */
export function describe(entry) {
  return "outcome" in entry ? ofFailure(entry) : ofMessage(entry);
}

/** @param {Entry} entry @returns {string[]} */
const again = ({ attempt }) => (attempt > 1 ? [filled(gettext("attempt %(n)s"), { n: attempt })] : []);

/** @param {Entry} message @returns {Words} */
function ofMessage(message) {
  const recipients = message.recipients_accepted + message.recipients_refused;
  const more = message.tags.length - TAGS_SHOWN;
  return {
    ...sender(message.from, message.reverse_path),
    url: routes.message(message.id),
    recipient: message.first_recipient || gettext("no recipient"),
    more: Math.max(0, recipients - 1),
    subject: message.subject || gettext("(no subject)"),
    snippet: message.snippet ?? "", // not known yet
    at: message.received_at,
    size: octets(message.size),
    remark: remark(message, recipients),
    failed: false,
    verdict: message.status === "new" ? "" : message.status,
    tags: message.tags.slice(0, TAGS_SHOWN).join(", ") + (more > 0 ? ` +${more}` : ""),
    inbox: message.inbox,
    unread: !message.read,
    clip: message.attachments > 0,
    pinned: message.pinned,
    noted: Boolean(message.note),
    assignee: message.assignee ?? "",
  };
}

/** The unusual facts about a message: its reply, recipients and attempts. @param {Entry} message @param {number} recipients */
function remark(message, recipients) {
  const odd = [];
  if (message.code && message.code !== 250) odd.push(String(message.code));
  const { recipients_refused: refused } = message;
  if (refused) odd.push(filled(gettext("%(n)s of %(all)s rejected"), { n: refused, all: recipients }));
  return [...odd, ...again(message)].join(" · ");
}

/** @param {Entry} attempt @returns {Words} */
function ofFailure(attempt) {
  const nothing = attempt.size === null;
  const { recipients } = attempt;
  const accepted = recipients.find((/** @type {{ rcpt_code: number }} */ each) => each.rcpt_code < 300);
  return {
    ...sender(attempt.from, attempt.reverse_path),
    url: routes.transaction(attempt.id),
    recipient: (accepted ?? recipients[0])?.forward_path || gettext("no recipient"),
    more: Math.max(0, recipients.length - 1),
    subject: attempt.subject || (nothing ? gettext("No message sent") : gettext("(no subject)")),
    snippet: "",
    at: attempt.ended_at ?? attempt.started_at,
    size: nothing ? "" : octets(attempt.size),
    remark: [attempt.failure, ...again(attempt)].join(" · "),
    failed: true,
    verdict: "",
    tags: "",
    inbox: attempt.inbox ?? "",
    unread: false,
    clip: false,
    pinned: false,
    noted: false,
    assignee: "",
  };
}

/** A new, empty row. @returns {HTMLElement} */
export function make() {
  return /** @type {HTMLElement} */ ($("li", byId("row", HTMLTemplateElement).content).cloneNode(true));
}

/** @type {WeakMap<HTMLElement, Record<string, HTMLElement>>} */
const parts = new WeakMap();

/** @param {HTMLElement} row */
function partsOf(row) {
  let found = parts.get(row);
  if (!found) {
    found = Object.fromEntries($$("[data-part]", row).map((node) => [node.dataset.part ?? "", node]));
    parts.set(row, found);
  }
  return found;
}

/**
 * @typedef {object} State
 * @property {boolean} open whether the pane shows it
 * @property {boolean} chosen
 * @property {boolean} indented whether it belongs to an open burst
 * @property {string} [search] the query that the links keep, as ?q=…
 */

/**
 * Write an entry, or a burst, into a row.
 * @param {HTMLElement} row
 * @param {Entry | Fold} item
 * @param {State} state
 */
export function fill(row, item, state) {
  const all = partsOf(row);
  const fold = isFold(item);
  row.dataset.id = item.id;
  row.classList.toggle("indented", state.indented);
  row.classList.toggle("chosen", state.chosen);
  all.fold.hidden = !fold;
  all.link.hidden = fold;
  const box = /** @type {HTMLInputElement} */ (all.box);
  box.checked = state.chosen;
  box.value = item.id;
  if (fold) fillFold(row, item, all);
  else fillEntry(row, item, all, state);
}

/** @param {HTMLElement} row @param {Fold} fold @param {Record<string, HTMLElement>} all */
function fillFold(row, fold, all) {
  const newest = describe(fold.entries[0]);
  const many = fold.entries.length;
  const unread = fold.entries.filter((entry) => entry.read === false).length;
  const subject = newest.subject.replace(/\d+/g, "…");
  row.classList.toggle("unread", unread > 0);
  row.classList.toggle("failed", newest.failed);
  row.classList.add("low");
  all.choose.hidden = newest.failed;
  setText(all.boxname, filled(gettext("Select all %(n)s: %(subject)s"), { n: many, subject }));
  all.fold.setAttribute("aria-expanded", String(fold.open));
  setText(all.foldcount, newest.failed
    ? filled(gettext("%(n)s failed"), { n: count(many) })
    : filled(gettext("%(n)s similar"), { n: count(many) }));
  setText(all.foldsubject, newest.failed ? `${newest.remark} · ${newest.sender}` : `${newest.sender} · ${subject}`);
  setTime(all.foldtime, newest.at);
}

/** @param {HTMLElement} node @param {string} at */
function setTime(node, at) {
  /** @type {HTMLTimeElement} */ (node).dateTime = at;
  setText(node, when(new Date(at)));
}

/** @param {HTMLElement} row @param {Entry} entry @param {Record<string, HTMLElement>} all @param {State} state */
function fillEntry(row, entry, all, { open, search = "" }) {
  const words = describe(entry);
  row.classList.toggle("unread", words.unread);
  row.classList.toggle("failed", words.failed);
  row.classList.remove("low");
  /** @type {HTMLAnchorElement} */ (all.link).href = words.url + search;
  if (open) all.link.setAttribute("aria-current", "true");
  else all.link.removeAttribute("aria-current");
  all.choose.hidden = words.failed;
  setText(all.boxname, filled(gettext("Select: %(subject)s"), { subject: words.subject }));
  all.dot.hidden = !words.unread;
  all.refused.hidden = !words.failed;
  setLong(all.from, words.sender, words.senderWhole);
  setLong(all.to, words.recipient);
  all.more.hidden = !words.more;
  setText(all.more, `+${words.more}`);
  setTime(all.time, words.at);
  all.clip.hidden = !words.clip;
  all.pin.hidden = !words.pinned;
  setLong(all.subject, words.subject);
  setText(all.snippet, words.snippet);
  setLong(all.remark, words.remark);
  all.remark.hidden = !words.remark;
  showMarks(all, words);
}

/** @param {HTMLElement} node @param {string} text may be cut off @param {string} [whole] */
function setLong(node, text, whole = text) {
  setText(node, text);
  if (node.title !== whole) node.title = whole;
}

/** @param {Record<string, HTMLElement>} all @param {Words} words */
function showMarks(all, words) {
  all.isok.hidden = words.verdict !== "ok";
  all.isbug.hidden = words.verdict !== "bug";
  all.noted.hidden = !words.noted;
  all.assigned.hidden = !words.assignee;
  setLong(all.assignee, words.assignee);
  all.tags.hidden = !words.tags;
  setText(all.tags, words.tags);
  setText(all.inbox, words.inbox);
  setText(all.size, words.size);
}

/** Whether a row has one line in any density: a burst. @param {Entry | Fold} item */
export const isLow = (item) => isFold(item);
