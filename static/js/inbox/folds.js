// The rows that the list shows of a store: entries, and one row for each burst until it is opened.

import { bursts } from "./bursts.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("./store.js").Store} Store */
/**
 * @typedef {object} Fold
 * @property {string} id
 * @property {Entry[]} entries newest first
 * @property {boolean} open
 */
/** @typedef {Entry | Fold} Item */

// With more folded entries than this, older ones are not read just to fill the list.
const MOST_HIDDEN = 10_000;

/** @param {Item} item @returns {item is Fold} */
export const isFold = (item) => "entries" in item;

export class Folds {
  /** @type {Item[]} newest first */
  #items = [];
  /** @type {Set<string>} ids of open folds */
  #open = new Set();
  /** @type {Map<string, string>} for each entry in a fold, the fold's id */
  #foldOf = new Map();
  #version = -1;
  #store;
  #folds;

  /** @param {Store} store @param {boolean} folds whether bursts become one row */
  constructor(store, folds = true) {
    this.#store = store;
    this.#folds = folds;
  }

  /** How many loaded entries have no row of their own. */
  get hidden() {
    return this.#store.loaded - this.#shown().length + this.#count;
  }

  #count = 0; // of folds
  /** @type {Set<string>} ids of entries beneath an open fold */
  #indented = new Set();

  /** Whether so much is folded that the list ends with the loaded entries. */
  get full() {
    return this.hidden > MOST_HIDDEN;
  }

  /** The known number of rows. */
  get length() {
    const tail = this.full ? 0 : this.#store.length - this.#store.loaded;
    return this.#shown().length + tail;
  }

  /** @param {number} index @returns {Item | undefined} */
  at(index) {
    return this.#shown()[index];
  }

  /** The row of an item, or of its fold if it is folded; or -1. @param {string} id */
  indexOf(id) {
    const items = this.#shown();
    const own = items.findIndex((item) => item.id === id);
    if (own >= 0 || !this.#store.has(id)) return own;
    return items.findIndex((item) => isFold(item) && item.entries.some((entry) => entry.id === id));
  }

  /** The loaded rows, newest first: a new array after each change. */
  all() {
    return this.#shown();
  }

  /** How many rows are loaded. */
  get loaded() {
    return this.#shown().length;
  }

  /** Whether an entry is shown beneath its fold. @param {string} id */
  inOpenFold(id) {
    this.#shown();
    return this.#indented.has(id);
  }

  /** Open or close a fold. @param {string} id @param {boolean} [open] */
  toggle(id, open = !this.#open.has(id)) {
    if (open) this.#open.add(id);
    else this.#open.delete(id);
    this.#version = -1;
  }

  #shown() {
    if (this.#version !== this.#store.version) {
      this.#items = this.#fold();
      this.#version = this.#store.version;
    }
    return this.#items;
  }

  #fold() {
    const entries = this.#store.entries();
    /** @type {Map<Entry, Fold>} */
    const folds = new Map();
    const found = this.#folds ? bursts(entries) : [];
    this.#count = found.length;
    this.#indented.clear();
    const before = this.#foldOf;
    this.#foldOf = new Map();
    if (!found.length) return entries;
    /** @type {Set<string>} */
    const taken = new Set();
    for (const members of found) {
      const id = idOf(members, before, taken);
      const fold = { id, entries: members, open: this.#open.has(id) };
      taken.add(id);
      for (const entry of members) {
        this.#foldOf.set(entry.id, id);
        folds.set(entry, fold);
        if (fold.open) this.#indented.add(entry.id);
      }
    }
    return entries.flatMap((entry) => {
      const fold = folds.get(entry);
      if (!fold) return [entry];
      if (fold.entries[0] !== entry) return [];
      return fold.open ? [fold, ...fold.entries] : [fold];
    });
  }
}

/**
 * The id of a fold. It stays the same when entries come and go, because the open state, the selection and
 * the cursor use it.
 * @param {Entry[]} members newest first
 * @param {Map<string, string>} before for each entry that was in a fold, the fold's id
 * @param {Set<string>} taken ids of other folds
 */
function idOf(members, before, taken) {
  const known = members.map(({ id }) => before.get(id));
  const own = [members.at(-1), members[0]].map((entry) => `burst-${entry?.id}`);
  return [...known, ...own].find((id) => id !== undefined && !taken.has(id)) ?? own[1];
}
