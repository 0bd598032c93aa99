// Keeps only a few chunks of a transcript in the document, around the lines in sight. Empty
// space with the estimated height stands for the others, so that the scroll bar shows the
// place, and can reach any line.

import { el } from "../core/dom.js";
import { renew } from "../core/fragments.js";

export const CHUNK = 100; // lines in one tbody, and in one fetch
const CHUNKS = 6; // tbodies that are kept
const AHEAD = "1500px"; // at this distance from the end of the loaded lines, more are loaded
const HIGHEST = 7_000_000; // px of each empty space: browsers draw no box higher than 17 million

/** @param {Element | null | undefined} row */
export const seqOf = (row) => Number(row?.id.slice(1) ?? 0);
/** @param {number} seq */
export const rowOf = (seq) => document.getElementById(`e${seq}`);

export class Chunks {
  /** The last known seq. */
  total = 0;
  /** @type {Promise<void>} one load at a time */
  #loading = Promise.resolve();

  /**
   * @param {HTMLElement} pane the element that scrolls
   * @param {HTMLTableElement} table
   * @param {(after: number, limit: number) => Promise<HTMLElement[]>} fetch
   */
  constructor(pane, table, fetch) {
    this.pane = pane;
    this.table = table;
    this.fetch = fetch;
    this.above = this.#room("earlier");
    this.below = this.#room("later");
    const near = new IntersectionObserver((entries) => {
      for (const entry of entries) if (entry.isIntersecting) this.#loadNear();
    }, { root: pane, rootMargin: AHEAD });
    for (const room of [this.above, this.below]) near.observe(room);
    pane.addEventListener("scroll", () => this.#loadNear(), { passive: true });
  }

  #rows() {
    return this.table.rows;
  }

  get #headHeight() {
    return this.table.tHead?.offsetHeight ?? 0;
  }

  get first() {
    return seqOf(this.#rows()[1]);
  }

  get last() {
    return seqOf(this.#rows()[this.#rows().length - 1]);
  }

  /** Update a row, or add it at the end. @param {HTMLElement} row @returns {void} */
  put(row) {
    const old = rowOf(seqOf(row));
    if (old) return renew(old, row);
    let chunk = this.table.tBodies[this.table.tBodies.length - 1];
    if (!chunk || chunk.childElementCount >= CHUNK) chunk = this.table.createTBody();
    chunk.append(row);
  }

  /** Start again with these lines. @param {HTMLElement[]} rows */
  reset(rows) {
    for (const chunk of [...this.table.tBodies]) chunk.remove();
    for (const row of rows) this.put(row);
  }

  /** Drop the farthest chunks at one end, and set the empty space for unloaded lines. @param {"first" | "last"} end */
  trim(end) {
    while (this.table.tBodies.length > CHUNKS) this.table.tBodies[end === "first" ? 0 : this.table.tBodies.length - 1].remove();
    const height = this.#heightOfRow();
    size(this.above, (this.first - 1) * height);
    size(this.below, (this.total - this.last) * height);
  }

  /** Change lines above without moving the lines in sight. @param {() => void} change */
  keepPlace(change) {
    const anchor = this.#inSight();
    const before = anchor?.getBoundingClientRect().top ?? 0;
    change();
    if (anchor?.isConnected) this.pane.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  /** The empty space for unloaded lines; without scripts it has a link. @param {"earlier" | "later"} way */
  #room(way) {
    const room = el("div", { class: "room", "aria-hidden": "true" });
    this.pane.querySelector(`[data-more="${way}"]`)?.parentElement?.remove();
    if (way === "earlier") this.table.before(room);
    else this.table.after(room);
    return room;
  }

  #heightOfRow() {
    const count = this.#rows().length - 1;
    return count > 0 ? (this.table.offsetHeight - this.#headHeight) / count : 0;
  }

  /** The first row in sight. */
  #inSight() {
    const top = this.pane.getBoundingClientRect().top + this.#headHeight;
    const rows = this.#rows();
    let low = 1;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    return rows[low];
  }

  #loadNear() {
    this.#loading = this.#loading.then(() => this.#load()).catch(console.error);
  }

  async #load() {
    const view = this.pane.getBoundingClientRect();
    const [above, below] = [this.above.getBoundingClientRect(), this.below.getBoundingClientRect()];
    const ahead = Number.parseInt(AHEAD, 10);
    let loaded = false;
    if (above.bottom > view.bottom) loaded = await this.#jump(1 + Math.floor(((view.top - above.top) / above.height) * this.first));
    else if (below.top < view.top) loaded = await this.#jump(this.last + Math.floor(((view.top - below.top) / below.height) * (this.total - this.last)));
    else if (above.height && above.bottom > view.top - ahead) loaded = await this.#loadEarlier();
    else if (below.height && below.top < view.bottom + ahead) loaded = await this.#loadLater();
    if (loaded) this.#loadNear();
  }

  /** Show the lines around one that is far from the loaded lines. @param {number} seq */
  async #jump(seq) {
    const target = Math.max(1, Math.min(this.total, seq));
    const at = this.pane.scrollTop;
    const rows = await this.fetch(Math.max(0, target - CHUNK / 2), CHUNK);
    if (!rows.length) return false;
    const on = this.pane.scrollTop - at; // how far the user has scrolled meanwhile
    this.reset(rows);
    this.trim("last");
    const row = rowOf(target) ?? rows[0];
    this.pane.scrollTop += row.getBoundingClientRect().top - this.pane.getBoundingClientRect().top - this.#headHeight + on;
    return true;
  }

  async #loadEarlier() {
    const top = this.first;
    const after = Math.max(0, top - 1 - CHUNK);
    const rows = await this.fetch(after, top - 1 - after);
    if (this.first !== top || !rows.length) return false;
    this.keepPlace(() => {
      this.table.tBodies[0].before(el("tbody", {}, ...rows));
      this.trim("last");
    });
    return true;
  }

  async #loadLater() {
    const end = this.last;
    const rows = await this.fetch(end, CHUNK);
    if (this.last !== end || !rows.length) return false;
    this.keepPlace(() => {
      for (const row of rows) this.put(row);
      this.trim("first");
    });
    return true;
  }
}

/** @param {HTMLElement} room @param {number} height in pixels */
function size(room, height) {
  room.style.height = `${Math.max(0, Math.min(HIGHEST, Math.round(height)))}px`;
}
