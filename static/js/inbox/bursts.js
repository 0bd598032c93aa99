// Bursts: more than 20 similar messages within a minute, or more than 2 similar failures within
// ten minutes. The list shows each burst as one row.

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {{ key: string, at: number, failed: boolean }} Trait */
/** @typedef {{ many: number, withinMs: number }} Rule more than `many` within `withinMs` */

/** @type {Rule} */
const MESSAGES = { many: 20, withinMs: 60_000 };
/** @type {Rule} */
const FAILURES = { many: 2, withinMs: 600_000 };

/** @type {WeakMap<Entry, Trait>} */
const traits = new WeakMap();

/**
 * The trait that similar entries share: the sender, and the subject without its digits.
 * @param {Entry} entry @returns {Trait} at: its arrival, in milliseconds
 */
function traitOf(entry) {
  let trait = traits.get(entry);
  if (!trait) {
    const failed = "outcome" in entry;
    const sender = (entry.from.address || entry.reverse_path || "").toLowerCase();
    trait = {
      key: `${entry.failure ?? ""}\n${sender}\n${entry.subject.replace(/\d+/g, "#")}`,
      at: Date.parse(failed ? entry.ended_at ?? entry.started_at : entry.received_at),
      failed,
    };
    traits.set(entry, trait);
  }
  return trait;
}

/**
 * The bursts among entries.
 * @param {(Entry)[]} entries newest first
 * @returns {Entry[][]} each newest first; the bursts are in no order
 */
export function bursts(entries) {
  /** @type {Map<string, Entry[]>} */
  const alike = new Map();
  for (const entry of entries) {
    const { key } = traitOf(entry);
    const known = alike.get(key);
    if (known) known.push(entry);
    else alike.set(key, [entry]);
  }
  const found = [];
  for (const group of alike.values()) {
    const rule = traitOf(group[0]).failed ? FAILURES : MESSAGES;
    if (group.length > rule.many) found.push(...runs(group, rule));
  }
  return found;
}

/**
 * The runs in a group of which each entry is one of more than `many` within the time.
 * @param {Entry[]} group similar entries, newest first
 * @param {Rule} rule
 */
function runs(group, { many, withinMs }) {
  /** @type {Entry[][]} */
  const found = [];
  let end = 0; // entries before this are in the last run
  for (let first = 0; first + many < group.length; first += 1) {
    if (traitOf(group[first]).at - traitOf(group[first + many]).at > withinMs) continue;
    if (first >= end) {
      found.push([]);
      end = first;
    }
    /** @type {Entry[]} */ (found.at(-1)).push(...group.slice(end, first + many + 1));
    end = first + many + 1;
  }
  return found;
}
