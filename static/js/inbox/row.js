// One entry of the inbox as a row: what it says, and how it says it. The server's first
// page says the same (inbox/presenters/rows.py). A burst that is folded is a row too.

import { person } from "../core/bidi.js";
import { $, $$, byId, setText } from "../core/dom.js";
import { isFold } from "./folds.js";
import { count, octets, when } from "../core/format.js";
import { fill as filled, gettext, ngettext } from "../core/i18n.js";
import { routes } from "../core/routes.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("./folds.js").Fold} Fold */
/**
 * @typedef {object} Words
 * @property {string} url
 * @property {string} sender
 * @property {string} subject
 * @property {string} snippet
 * @property {string} at
 * @property {string} size
 * @property {string} status
 * @property {string} tone ok, warning or error
 * @property {string} verdict what people found: "", "ok" or "bug"
 * @property {string} tags
 * @property {string} inbox
 * @property {boolean} unread
 * @property {boolean} clip
 * @property {boolean} pinned
 * @property {boolean} noted
 */

const TAGS_SHOWN = 3;

/** @param {{ name: string, address: string }} from @param {string} path */
function sender(from, path) {
  return person(from.name, from.address) || path || gettext("no sender");
}

/**
 * What a row says of a message, or of a transaction that was not accepted.
 * @param {Entry} entry as API v3 has it
 * @returns {Words}
 */
export function describe(entry) {
  return "outcome" in entry ? ofTransaction(entry) : ofMessage(entry);
}

/** @param {Entry} entry */
const again = ({ attempt }) => (attempt > 1 ? ` · ${filled(gettext("attempt %(n)s"), { n: attempt })}` : "");

/** @param {Entry} message @returns {Words} */
function ofMessage(message) {
  const { recipients_accepted: accepted, recipients_refused: refused } = message;
  const partly = refused ? ` · ${filled(gettext("%(n)s of %(all)s refused"), { n: refused, all: accepted + refused })}` : "";
  const more = message.tags.length - TAGS_SHOWN;
  return {
    url: routes.message(message.id),
    sender: sender(message.from, ""),
    subject: message.subject || gettext("(no subject)"),
    snippet: message.snippet ?? "", // not known yet
    at: message.received_at,
    size: octets(message.size),
    status: `${message.code ?? ""}${partly}${again(message)}`,
    tone: refused ? "warning" : "ok",
    verdict: message.status === "new" ? "" : message.status,
    tags: message.tags.slice(0, TAGS_SHOWN).join(", ") + (more > 0 ? ` +${more}` : ""),
    inbox: message.inbox,
    unread: !message.read,
    clip: message.attachments > 0,
    pinned: message.pinned,
    noted: Boolean(message.note),
  };
}

/** @param {Entry} attempt */
function endOf(attempt) {
  if (attempt.code >= 400) return String(attempt.code);
  if (attempt.outcome === "abandoned") return gettext("cut off");
  return attempt.outcome === "reset" ? gettext("reset") : "";
}

/** @param {Entry} attempt @returns {Words} */
function ofTransaction(attempt) {
  const end = endOf(attempt);
  return {
    url: routes.transaction(attempt.id),
    sender: sender(attempt.from, attempt.reverse_path),
    subject: attempt.subject || (attempt.size === null ? gettext("(no message came)") : gettext("(no subject)")),
    snippet: attempt.recipients.map((/** @type {{ forward_path: string }} */ { forward_path }) => forward_path).slice(0, TAGS_SHOWN).join(", "),
    at: attempt.ended_at ?? attempt.started_at,
    size: attempt.size === null ? "" : octets(attempt.size),
    status: `${gettext("not accepted")}${end ? ` · ${end}` : ""}${again(attempt)}`,
    tone: "error",
    verdict: "",
    tags: "",
    inbox: attempt.inbox ?? "",
    unread: false,
    clip: false,
    pinned: false,
    noted: false,
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
 * @property {boolean} open whether it is what the pane shows
 * @property {boolean} chosen
 * @property {boolean} indented whether it is one of a burst that is open
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
  const unread = fold.entries.filter((entry) => entry.read === false).length;
  const subject = newest.subject.replace(/\d+/g, "…");
  row.classList.toggle("unread", unread > 0);
  all.choose.hidden = !("read" in fold.entries[0]);
  setText(all.boxname, filled(gettext("Choose all %(n)s of: %(subject)s"), { n: fold.entries.length, subject }));
  all.fold.setAttribute("aria-expanded", String(fold.open));
  setText(all.foldcount, filled(gettext("%(n)s alike"), { n: count(fold.entries.length) }));
  setText(all.foldsubject, subject);
  setText(all.foldsender, newest.sender);
  setText(all.foldstatus, unread ? filled(ngettext("%(n)s unread", "%(n)s unread", unread), { n: count(unread) }) : newest.status);
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
  /** @type {HTMLAnchorElement} */ (all.link).href = words.url + search;
  if (open) all.link.setAttribute("aria-current", "true");
  else all.link.removeAttribute("aria-current");
  all.choose.hidden = words.tone === "error";
  setText(all.boxname, filled(gettext("Choose: %(subject)s"), { subject: words.subject }));
  all.dot.hidden = !words.unread;
  setLong(all.from, words.sender);
  setTime(all.time, words.at);
  all.clip.hidden = !words.clip;
  all.pin.hidden = !words.pinned;
  setLong(all.subject, words.subject);
  all.refused.hidden = words.tone === "ok";
  setText(all.status, words.status);
  /** @type {HTMLElement} */ (all.status.parentElement).className = `code ${words.tone}`;
  setText(all.snippet, words.snippet);
  showMarks(all, words);
}

/** @param {HTMLElement} node @param {string} text which may be cut off */
function setLong(node, text) {
  setText(node, text);
  if (node.title !== text) node.title = text;
}

/** @param {Record<string, HTMLElement>} all @param {Words} words */
function showMarks(all, words) {
  all.isok.hidden = words.verdict !== "ok";
  all.isbug.hidden = words.verdict !== "bug";
  all.noted.hidden = !words.noted;
  all.tags.hidden = !words.tags;
  setText(all.tags, words.tags);
  setText(all.inbox, words.inbox);
  setText(all.size, words.size);
}
