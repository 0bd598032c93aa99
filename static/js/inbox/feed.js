// Keeps a Store in step with the server: pages come from the API, arrivals from the live feed. While
// the list is not calm (scrolled, or under the pointer), arrivals are held, so that no row moves.

import { sleep } from "../core/timing.js";
import { Store } from "./store.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("./store.js").Page} Page */

const KEEP = 10_000; // entries in memory while no older ones are in sight
const HOLD = 2_000; // further held arrivals are only counted
const REST_MS = 1000; // after a page that could not be read

export class Feed {
  store = new Store();
  /** Whether a first page was read. */
  ready = false;
  #begin = () => {};
  /** @type {Promise<void>} resolves when a first page was read */
  begun = new Promise((done) => { this.#begin = done; });
  /** @type {Map<string, Entry>} arrivals that are not in the list yet */
  #held = new Map();
  /** How many arrivals are not held: the next release loads them. */
  #missed = 0;
  #calm = true;
  /** Whether the next page replaces all known entries. */
  #stale = false;
  /** @type {Set<Map<string, Entry | null>>} for each page that is being read: the entries put meanwhile, null for removed ones */
  #since = new Set();
  /** @type {Promise<void> | null} */
  #loading = null;
  #again = false;
  /** Whether the last read failed, and the next has not begun. */
  #failed = false;

  /**
   * @param {object} world
   * @param {(cursor: string | null) => Promise<Page>} world.fetch reads a page
   * @param {() => void} world.changed called after each visible change
   * @param {(error: Error) => void} world.failed called if a page could not be read
   * @param {() => Promise<void>} [world.rest] waits until a server that failed may be asked again
   * @param {() => number} [world.folded] how many entries have no row of their own
   * @param {(id: string) => void} [world.leaves] called with each entry before its removal
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
   * Set whether arrivals may enter at once; when they may again, held ones enter.
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

  /** Announce that a group of put, update and remove calls is complete. */
  settle() {
    if (this.#calm) this.store.trim(KEEP + this.folded());
    this.changed();
  }

  /** Let the held arrivals in. */
  release() {
    const missed = this.#missed > 0;
    this.#stale ||= missed; // an earlier page may still be on its way
    this.#missed = 0;
    for (const entry of this.#held.values()) this.store.put(entry);
    this.#held.clear();
    this.settle();
    if (missed) this.load();
  }

  /**
   * Read the first page, one at a time: requests meanwhile share one later read.
   * @returns {Promise<void>} for the current page, and the pause after a failure; never rejects: see failed
   */
  load() {
    this.#again = this.#loading !== null;
    this.#loading ??= this.#read()
      .catch((error) => {
        if (this.#stale) this.#missed ||= 1; // must be requested again
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

  /** Read the first page, unless one was read or is on its way. */
  loadFirst() {
    if (!this.ready && (this.#failed || !this.#loading)) this.load();
  }

  /**
   * Read older pages until a place is loaded, or no longer wanted.
   * @param {() => number} wanted the place now in sight, counted from the newest
   */
  async reach(wanted) {
    if (this.reaching) return;
    this.reaching = true;
    try {
      while (this.store.next !== null && wanted() >= this.store.loaded) {
        const cursor = this.store.next;
        const page = await this.#page(cursor);
        // After a reset or a trim, this page no longer follows the loaded ones.
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
   * Read a page. The server may have read it before it sent the feed's latest events, so these
   * take precedence; the feed still has to send anything newer.
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
      // There is an unknown gap: only count these entries until they are requested.
      const total = page.total ?? 0;
      this.#missed = Math.max(1, total - this.store.length - this.#held.size);
    }
  }

  /** Whether an entry is older than all loaded ones: it is loaded when the list reaches it. @param {string} id */
  #beyond(id) {
    return this.store.next !== null && id < (this.store.at(this.store.loaded - 1)?.id ?? "");
  }

  /** @param {Entry} entry */
  #arrive(entry) {
    if (this.#calm) this.store.put(entry);
    else if (this.#held.size < HOLD) this.#held.set(entry.id, entry);
    else this.#missed += 1;
  }

  /** The loaded entries that are newer than an id: from the live feed, while a page was on its way. @param {string} id */
  #newerThan(id) {
    const newer = [];
    for (let index = 0; (this.store.at(index)?.id ?? "") > id; index += 1) {
      newer.push(/** @type {Entry} */ (this.store.at(index)));
    }
    return [...newer, ...[...this.#held.values()].filter((entry) => entry.id > id)];
  }

  /** Drop the entries in a page's span that are not on the page. @param {Page} page */
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
