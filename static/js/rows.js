// One entry of the inbox as a row: what it says, and how it says it. The server's first
// page says the same (inbox/views/rows.py).

import { setText } from "./dom.js";
import { when } from "./format.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {{ url: string, sender: string, subject: string, at: string, status: string, tone: string, unread: boolean, clip: boolean, pinned: boolean }} Words */

/** @param {{ name: string, address: string }} from @param {string} path */
function sender(from, path) {
  if (!from.address) return from.name || path || "no sender";
  return from.name ? `${from.name} <${from.address}>` : from.address;
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
const again = ({ attempt }) => (attempt > 1 ? ` · attempt ${attempt}` : "");

/** @param {Entry} message @returns {Words} */
function ofMessage(message) {
  const { recipients_accepted: accepted, recipients_refused: refused } = message;
  const partly = refused ? ` · ${refused} of ${accepted + refused} refused` : "";
  return {
    url: `/messages/${message.id}`,
    sender: sender(message.from, ""),
    subject: message.subject || "(no subject)",
    at: message.received_at,
    status: `${message.code ?? ""}${partly}${again(message)}`,
    tone: refused ? "warn" : "ok",
    unread: !message.read,
    clip: message.attachments > 0,
    pinned: message.pinned,
  };
}

const ENDS = { abandoned: "cut off", reset: "reset" };

/** @param {Entry} attempt @returns {Words} */
function ofTransaction(attempt) {
  const end = attempt.code >= 400 ? attempt.code : ENDS[/** @type {keyof ENDS} */ (attempt.outcome)];
  return {
    url: `/transactions/${attempt.id}`,
    sender: sender(attempt.from, attempt.reverse_path),
    subject: attempt.subject || (attempt.size === null ? "(no message came)" : "(no subject)"),
    at: attempt.ended_at ?? attempt.started_at,
    status: `not accepted${end ? ` · ${end}` : ""}${again(attempt)}`,
    tone: "bad",
    unread: false,
    clip: false,
    pinned: false,
  };
}

/** A new, empty row. @returns {HTMLElement} */
export function make() {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("row"));
  return /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true));
}

/** @type {WeakMap<HTMLElement, Record<string, HTMLElement>>} */
const parts = new WeakMap();

/** @param {HTMLElement} row */
function partsOf(row) {
  let found = parts.get(row);
  if (!found) {
    found = {};
    for (const node of row.querySelectorAll("[data-part]")) {
      found[/** @type {HTMLElement} */ (node).dataset.part ?? ""] = /** @type {HTMLElement} */ (node);
    }
    parts.set(row, found);
  }
  return found;
}

/**
 * Write an entry into a row.
 * @param {HTMLElement} row
 * @param {Entry} entry
 * @param {boolean} open whether it is what the pane shows
 */
export function fill(row, entry, open) {
  const words = describe(entry);
  const { link, dot, from, time, clip, pin, subject, refused, status } = partsOf(row);
  row.dataset.id = entry.id;
  row.classList.toggle("unread", words.unread);
  /** @type {HTMLAnchorElement} */ (link).href = words.url;
  if (open) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  dot.hidden = !words.unread;
  setText(from, words.sender);
  /** @type {HTMLTimeElement} */ (time).dateTime = words.at;
  setText(time, when(new Date(words.at)));
  clip.hidden = !words.clip;
  pin.hidden = !words.pinned;
  setText(subject, words.subject);
  refused.hidden = words.tone === "ok";
  setText(status, words.status);
  /** @type {HTMLElement} */ (status.parentElement).className = `code ${words.tone}`;
}
