// The selected messages of the list: the selection survives scrolling, arrivals and folding.

/** @typedef {import("./folds.js").Item} Item */
/** @typedef {import("./store.js").Entry} Entry */
import { isFold } from "./folds.js";

/** @param {Entry} entry one that was not accepted cannot be marked */
const isMessage = (entry) => !("outcome" in entry);

/** The messages of a row. @param {Item} item @returns {string[]} ids */
export const members = (item) =>
  (isFold(item) ? item.entries : [item]).filter(isMessage).map(({ id }) => id);

export class Selection {
  /** @type {Set<string>} */
  ids = new Set();
  /** Whether all matching messages are selected, loaded or not. */
  all = false;
  /** @type {string} the row that a range starts from */
  anchor = "";
  #changed;
  #loaded;

  /**
   * @param {() => void} changed called after each change
   * @param {() => Item[]} loaded the loaded rows
   */
  constructor(changed, loaded = () => []) {
    this.#changed = changed;
    this.#loaded = loaded;
  }

  get size() {
    return this.ids.size;
  }

  /** Whether anything is selected: all that match may include no loaded message. */
  get some() {
    return this.all || this.ids.size > 0;
  }

  /** @param {Item} item */
  has(item) {
    const ids = members(item);
    if (this.all) return ids.length > 0;
    return ids.length > 0 && ids.every((id) => this.ids.has(id));
  }

  /** Select or deselect a row. @param {Item} item @param {boolean} [on] */
  toggle(item, on = !this.has(item)) {
    if (this.all) for (const each of this.#loaded()) this.#set(each, true);
    this.#set(item, on);
    this.anchor = item.id;
    this.all = false;
    this.#changed();
  }

  /** Add rows to the selection. @param {Iterable<Item>} items */
  add(items) {
    for (const item of items) this.#set(item, true);
    this.all = false;
    this.#changed();
  }

  /** Select all that match. */
  chooseAll() {
    for (const item of this.#loaded()) this.#set(item, true);
    this.all = true;
    this.#changed();
  }

  clear() {
    this.ids.clear();
    this.all = false;
    this.anchor = "";
    this.#changed();
  }

  /** Deselect removed messages. @param {string[]} ids */
  drop(ids) {
    const gone = ids.filter((id) => this.ids.delete(id));
    if (gone.length) this.#changed();
  }

  /** @param {Item} item @param {boolean} on */
  #set(item, on) {
    for (const id of members(item)) {
      if (on) this.ids.add(id);
      else this.ids.delete(id);
    }
  }
}
