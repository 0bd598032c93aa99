// Keeps a Store true to the server: pages by the API, arrivals by the live feed. While the
// list is not calm (scrolled, or under the pointer) arrivals are held, so that no row moves.

import { sleep } from "../core/timing.js";
import { Store } from "./store.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("./store.js").Page} Page */

const KEEP = 10_000; // entries in memory while nobody looks at older ones
const HOLD = 2_000; // beyond it, held arrivals are only counted
const REST_MS = 1000; // after a page that could not be read

export class Feed {
  store = new Store();
  /** Whether a first page was read. */
  ready = false;
  #begin = () => {};
  /** @type {Promise<void>} that a first page was read */
  begun = new Promise((done) => { this.#begin = done; });
  /** @type {Map<string, Entry>} arrivals that are not in the list yet */
  #held = new Map();
  /** How many more arrived than are held: the next release loads them. */
  #missed = 0;
  #calm = true;
  /** Whether the next page read replaces all that is known. */
  #stale = false;
  /** @type {Set<Map<string, Entry | null>>} for each page on its way: what was put meanwhile, null where it was removed */
  #since = new Set();
  /** @type {Promise<void> | null} */
  #loading = null;
  #again = false;
  /** Whether the last reading failed, and the next has not begun. */
  #failed = false;

  /**
   * @param {object} world
   * @param {(cursor: string | null) => Promise<Page>} world.fetch reads a page
   * @param {() => void} world.changed called after each change of what is to be shown
   * @param {(error: Error) => void} world.failed called where a page could not be read
   * @param {() => Promise<void>} [world.rest] until a server that failed may be asked again
   * @param {() => number} [world.folded] how many entries are in no row of their own
   * @param {(id: string) => void} [world.leaves] called with each entry before it is taken away
   */
  constructor({ fetch, changed, failed, rest = () => sleep(REST_MS), folded = () => 0, leaves = () => {} }) {
    this.fetch = fetch;
    this.folded = folded;
    this.leaves = leaves;
    this.changed = changed;
    this.failed = failed;
    this.rest = rest;
  }

  /** How many arrivals wait for the list to be calm. */
  get waiting() {
    return this.#held.size + this.#missed;
  }

  /**
   * Whether arrivals may enter at once; when they may again, those held enter.
   * @param {boolean} calm
   */
  set calm(calm) {
    this.#calm = calm;
    if (calm) this.release();
  }

  /** Take one arrival or change. @param {Entry} entry */
  put(entry) {
    for (const since of this.#since) since.set(entry.id, entry);
    if (this.store.has(entry.id)) this.store.put(entry);
    else if (this.#held.has(entry.id)) this.#held.set(entry.id, entry);
    else if (!this.#beyond(entry.id)) this.#arrive(entry);
  }

  /** @param {string} id */
  knows(id) {
    return this.store.has(id) || this.#held.has(id);
  }

  /** @param {string} id */
  remove(id) {
    for (const since of this.#since) since.set(id, null);
    this.#held.delete(id);
    this.#remove(id);
  }

  /** Say that a group of put, update and remove is complete. */
  settle() {
    if (this.#calm) this.store.trim(KEEP + this.folded());
    this.changed();
  }

  /** Let the held arrivals in. */
  release() {
    const missed = this.#missed > 0;
    this.#stale ||= missed; // what was asked for before may still be on its way
    this.#missed = 0;
    for (const entry of this.#held.values()) this.store.put(entry);
    this.#held.clear();
    this.settle();
    if (missed) this.load();
  }

  /**
   * Read the first page, one at a time: what is asked meanwhile is one more reading, later.
   * @returns {Promise<void>} of the page that is on its way now, and of the rest after a failure; never rejects: see failed
   */
  load() {
    this.#again = this.#loading !== null;
    this.#loading ??= this.#read()
      .catch((error) => {
        if (this.#stale) this.#missed ||= 1; // to be asked for again
        this.#failed = true;
        this.failed(error);
        return this.rest();
      })
      .finally(() => {
        this.#loading = null;
        if (this.#again) this.load();
      });
    return this.#loading;
  }

  /** Read the first page where none was read, nor is on its way. */
  loadFirst() {
    if (!this.ready && (this.#failed || !this.#loading)) this.load();
  }

  /**
   * Read older pages until a place is loaded, or is no longer asked for.
   * @param {() => number} wanted the place from the newest that is to be seen now
   */
  async reach(wanted) {
    if (this.reaching) return;
    this.reaching = true;
    try {
      while (this.store.next !== null && wanted() >= this.store.loaded) {
        const cursor = this.store.next;
        const page = await this.#page(cursor);
        // A reset or a trim meanwhile: this page no longer follows what is loaded.
        if (this.store.next === cursor) this.store.older(page);
        this.changed();
      }
    } catch (error) {
      this.failed(/** @type {Error} */ (error));
    } finally {
      this.reaching = false;
    }
  }

  async #read() {
    this.#failed = false;
    this.#merge(await this.#page(null));
    this.ready = true;
    this.settle();
    this.#begin();
  }

  /**
   * Read a page. The server may have read it before what the feed sent meanwhile, which
   * therefore holds; what is newer still, the feed has yet to send.
   * @param {string | null} cursor
   * @returns {Promise<Page>}
   */
  async #page(cursor) {
    /** @type {Map<string, Entry | null>} */
    const since = new Map();
    this.#since.add(since);
    try {
      const page = await this.fetch(cursor);
      page.items = page.items.filter(({ id }) => since.get(id) !== null).map((entry) => since.get(entry.id) ?? entry);
      return page;
    } finally {
      this.#since.delete(since);
    }
  }

  /** @param {Page} page */
  #merge(page) {
    const joined = page.next === null || page.items.some((entry) => this.knows(entry.id));
    if (!this.store.loaded || this.#stale || (!joined && this.#calm)) {
      this.#stale = false;
      const newer = this.#newerThan(page.items[0]?.id ?? "");
      this.store.reset(page);
      this.#held.clear();
      for (const entry of newer) this.store.put(entry);
    } else if (joined) {
      this.#drop(page);
      for (const entry of page.items) this.put(entry);
      if (page.total !== null) this.store.count(page.total - this.#held.size);
    } else {
      // Too much happened to know what is between: only count it until it is asked for.
      const total = page.total ?? 0;
      this.#missed = Math.max(1, total - this.store.length - this.#held.size);
    }
  }

  /** Whether it is older than all that is loaded: it comes when it is reached. @param {string} id */
  #beyond(id) {
    return this.store.next !== null && id < (this.store.at(this.store.loaded - 1)?.id ?? "");
  }

  /** @param {Entry} entry */
  #arrive(entry) {
    if (this.#calm) this.store.put(entry);
    else if (this.#held.size < HOLD) this.#held.set(entry.id, entry);
    else this.#missed += 1;
  }

  /** What came by the live feed while a page was on its way. @param {string} id */
  #newerThan(id) {
    const newer = [];
    for (let index = 0; (this.store.at(index)?.id ?? "") > id; index += 1) {
      newer.push(/** @type {Entry} */ (this.store.at(index)));
    }
    return [...newer, ...[...this.#held.values()].filter((entry) => entry.id > id)];
  }

  /** Drop what lies within a page's span and is not on it. @param {Page} page */
  #drop({ items, next }) {
    const [first, last] = [items[0]?.id ?? "", next === null ? "" : (items.at(-1)?.id ?? "")];
    const there = new Set(items.map((entry) => entry.id));
    const dropped = [];
    for (let index = 0; index < this.store.loaded; index += 1) {
      const { id } = /** @type {Entry} */ (this.store.at(index));
      if (id < last) break;
      if (id <= first && !there.has(id)) dropped.push(id);
    }
    for (const id of dropped) this.#remove(id);
    if (next === null) this.store.next = null;
  }

  /** @param {string} id */
  #remove(id) {
    if (this.store.has(id)) this.leaves(id);
    this.store.remove(id);
  }
}
