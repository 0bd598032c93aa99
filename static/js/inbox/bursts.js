// A burst: more than 20 alike within a minute. The server's first page tells them by the
// same rule (inbox/presenters/bursts.py); tests/bursts.json holds both to it.

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {{ key: string, at: number }} Trait */

export const MANY = 20;
export const WITHIN_MS = 60_000;

/** @type {WeakMap<Entry, Trait>} */
const traits = new WeakMap();

/**
 * What an entry is alike to: those of the same sender and subject but for its digits.
 * @param {Entry} entry @returns {Trait} at: when it came, in milliseconds
 */
function traitOf(entry) {
  let trait = traits.get(entry);
  if (!trait) {
    const refused = "outcome" in entry;
    const sender = (entry.from.address || entry.reverse_path || "").toLowerCase();
    trait = {
      key: `${refused ? entry.code : ""}\n${sender}\n${entry.subject.replace(/\d+/g, "#")}`,
      at: Date.parse(refused ? entry.ended_at ?? entry.started_at : entry.received_at),
    };
    traits.set(entry, trait);
  }
  return trait;
}

/**
 * The bursts among entries.
 * @param {(Entry)[]} entries newest first
 * @returns {Entry[][]} each newest first; in no order among themselves
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
  for (const group of alike.values()) if (group.length > MANY) found.push(...runs(group));
  return found;
}

/**
 * The parts of a group in which each is one of more than MANY within a minute.
 * @param {Entry[]} group alike, newest first
 */
function runs(group) {
  /** @type {Entry[][]} */
  const found = [];
  let end = 0; // entries before it are in the last run
  for (let first = 0; first + MANY < group.length; first += 1) {
    if (traitOf(group[first]).at - traitOf(group[first + MANY]).at > WITHIN_MS) continue;
    if (first >= end) {
      found.push([]);
      end = first;
    }
    /** @type {Entry[]} */ (found.at(-1)).push(...group.slice(end, first + MANY + 1));
    end = first + MANY + 1;
  }
  return found;
}
