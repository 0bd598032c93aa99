// The entries of a list by id, newest first; older ones may not be loaded. Ids are UUIDv7: their
// order as text is the order in time.

/** @typedef {{ id: string } & Record<string, any>} Entry */
/**
 * @typedef {object} Page
 * @property {Entry[]} items newest first
 * @property {string | null} next the cursor of the page that follows
 * @property {number | null} total the number of all entries, if the server sends it
 */

const UNCOUNTED = 20; // rows added to the list if there are more entries, but their number is unknown

export class Store {
  /** @type {Entry[]} oldest first, so that an arrival is a push */
  #items = [];
  /** @type {Set<string>} */
  #ids = new Set();
  /** @type {string | null} the cursor of the entries older than all loaded; null: there are none */
  next = null;
  /** @type {number | null} */
  #total = null;
  /** Increases with each change. */
  version = 0;

  /** How many entries are loaded. */
  get loaded() {
    return this.#items.length;
  }

  /** The known number of entries, at least that of the loaded ones. */
  get length() {
    if (this.next === null) return this.loaded;
    return Math.max(this.#total ?? this.loaded + UNCOUNTED, this.loaded);
  }

  /** The entry at a place from the newest (0); undefined if it is not loaded. @param {number} index */
  at(index) {
    return this.#items[this.#items.length - 1 - index];
  }

  /** The entry of an id, if it is loaded. @param {string} id */
  get(id) {
    return this.at(this.indexOf(id));
  }

  /** All loaded entries, newest first. */
  entries() {
    return this.#items.toReversed();
  }

  /** @param {string} id */
  has(id) {
    return this.#ids.has(id);
  }

  /** The place of an entry from the newest, or -1. @param {string} id */
  indexOf(id) {
    if (!this.#ids.has(id)) return -1;
    return this.#items.length - 1 - this.#place(id);
  }

  /** Add an entry, or replace the one with its id. @param {Entry} entry */
  put(entry) {
    const place = this.#place(entry.id);
    this.version += 1;
    if (this.#ids.has(entry.id)) {
      this.#items[place] = entry;
      return;
    }
    this.#items.splice(place, 0, entry);
    this.#ids.add(entry.id);
    this.#grow(1);
  }

  /** @param {string} id */
  remove(id) {
    if (!this.#ids.delete(id)) return;
    this.version += 1;
    this.#items.splice(this.#place(id), 1);
    this.#grow(-1);
  }

  /** Start again with a first page. @param {Page} page */
  reset(page) {
    this.version += 1;
    this.#items = [];
    this.#ids.clear();
    for (const entry of page.items) this.put(entry);
    this.next = page.next;
    this.#total = page.total;
  }

  /** Add the page that follows `next`. @param {Page} page */
  older(page) {
    const fresh = page.items.filter(({ id }) => !this.#ids.has(id));
    // In one step: one by one, each would move all loaded entries.
    this.#items.unshift(...fresh.reverse());
    for (const { id } of fresh) this.#ids.add(id);
    this.version += 1;
    this.next = page.next;
    this.#total = page.total ?? this.#total;
  }

  /** Set the server's count. @param {number | null} total */
  count(total) {
    this.#total = total;
  }

  /** Forget the oldest entries over a limit: they can be loaded again. @param {number} keep */
  trim(keep) {
    if (this.loaded <= keep) return;
    this.version += 1;
    for (const entry of this.#items.splice(0, this.loaded - keep)) this.#ids.delete(entry.id);
    this.next = this.#items[0].id;
  }

  /** @param {number} by */
  #grow(by) {
    if (this.#total !== null) this.#total += by;
  }

  /** The index of an id among the items, or the one where it belongs. @param {string} id */
  #place(id) {
    let low = 0;
    let high = this.#items.length;
    // Nearly all arrivals are the newest.
    if (high && this.#items[high - 1].id < id) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#items[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
