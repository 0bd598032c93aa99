// A windowed list: only the rows in sight are in the document. Any number of changes is painted
// once a frame.

import { closest, find } from "../core/dom.js";
import { Heights } from "./heights.js";

const MARGIN = 6; // rows beyond each edge
// Browsers draw no box higher than some 17 million pixels (Firefox).
const HIGHEST = 16_000_000;
const ACTION = "a:not([hidden]), button:not([hidden])"; // opens a row
const POUR_MS = 100; // between two paints while most rows in sight are new in each

/**
 * The rows that must be in the document: from first up to, not including, last.
 * @param {{ at: (y: number) => number }} heights
 * @param {number} top the scroll position, in pixels
 * @param {number} height of the visible part, in pixels
 * @param {number} length of the list, in rows
 * @returns {[number, number]}
 */
export function windowOf(heights, top, height, length) {
  const first = Math.max(0, heights.at(top) - MARGIN);
  const last = Math.min(length, heights.at(top + height - 1) + 1 + MARGIN);
  return [Math.min(first, last), last];
}

/**
 * @template {{ id: string }} T
 * @typedef {object} Source
 * @property {() => boolean} ready whether its entries are known: until then the server's rows stay
 * @property {() => number} length
 * @property {() => T[]} loaded the loaded rows, newest first: a new array after each change
 * @property {(index: number) => T | undefined} at undefined: not loaded
 * @property {(item: T) => boolean} isLow whether its row has one line
 * @property {() => HTMLElement} make a new row
 * @property {(row: HTMLElement, entry: T) => void} fill
 * @property {(index: number) => void} missing called if the last row in sight is not loaded
 */

/** @template {{ id: string }} T */
export class List {
  /** @type {Map<string, HTMLElement>} rows in the document, by their entry's id */
  #shown = new Map();
  /** @type {HTMLElement[]} rows to reuse */
  #spare = [];
  #scheduled = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;
  #paintedAt = 0;
  /** How many rows in sight were new in the last paint. */
  #fresh = 0;
  #heights;
  #sizes;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} box the list element inside it, which becomes as high as all rows
   * @param {Source<T>} source
   */
  constructor(scroller, box, source) {
    this.scroller = scroller;
    this.box = box;
    this.source = source;
    this.#heights = new Heights(source.isLow);
    this.#sizes = this.#readSizes();
    scroller.addEventListener("scroll", () => this.invalidate(), { passive: true });
    new ResizeObserver(() => this.invalidate()).observe(scroller);
  }

  /** Paint changes in the next frame, or a little later while more arrives than anyone can read. */
  refresh() {
    const pours = this.#fresh > this.#shown.size / 2;
    const rest = pours ? this.#paintedAt + POUR_MS - performance.now() : 0;
    if (rest <= 0) this.invalidate();
    else
      this.#resting ??= setTimeout(() => {
        this.#resting = undefined;
        this.invalidate();
      }, rest);
  }

  /** Paint in the next frame. */
  invalidate() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#paint();
    });
  }

  get atTop() {
    return this.scroller.scrollTop < 1;
  }

  /** The last place in sight. */
  get lastInSight() {
    const end = this.#measured().at(this.scroller.scrollTop + this.scroller.clientHeight - 1);
    return Math.min(this.source.length() - 1, end);
  }

  #measured() {
    this.#heights.measure(this.source.loaded(), this.#sizes);
    return this.#heights;
  }

  #readSizes() {
    const style = getComputedStyle(this.scroller);
    const size = (/** @type {string} */ name) => Number.parseFloat(style.getPropertyValue(name));
    return { row: size("--row"), low: size("--row-low") };
  }

  /** Apply a new row height; the first row in sight stays in place. */
  restyle() {
    const first = this.#measured().at(this.scroller.scrollTop);
    this.#sizes = this.#readSizes();
    this.#paint();
    this.scroller.scrollTop = this.#measured().top(first);
    this.invalidate();
  }

  /** Bring a row into sight. @param {number} index */
  reveal(index) {
    this.#paint(); // so that there is room to scroll to
    const heights = this.#measured();
    const [top, bottom, view] = [heights.top(index), heights.top(index + 1), this.scroller.clientHeight];
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (bottom > this.scroller.scrollTop + view) this.scroller.scrollTop = bottom - view;
    this.#paint();
  }

  /** Bring a row into sight, and focus its link. @param {number} index */
  focus(index) {
    this.reveal(index);
    const entry = this.source.at(index);
    const row = entry && this.#shown.get(entry.id);
    if (row) find(ACTION, row)?.focus({ preventScroll: true });
  }

  #paint() {
    if (!this.source.ready()) return;
    this.#paintedAt = performance.now();
    this.#fresh = 0;
    const length = this.source.length();
    const heights = this.#measured();
    const [first, last] = windowOf(heights, this.scroller.scrollTop, this.scroller.clientHeight, length);
    const refocus = this.box.classList.contains("windowed") ? undefined : this.#takeOver();
    this.box.style.height = `${Math.min(heights.top(length), HIGHEST)}px`;
    const wanted = this.#wanted(first, last);
    this.#withdraw(wanted);
    /** @type {ChildNode | null} */
    let place = this.box.firstChild;
    // The rows are in order in the document, so that focus and screen readers follow it.
    for (const [entry, index] of wanted) {
      const row = this.#rowFor(entry);
      if (row === place) place = row.nextSibling;
      else this.box.insertBefore(row, place);
      row.style.transform = `translateY(${heights.top(index)}px)`;
      row.setAttribute("aria-setsize", String(length));
      row.setAttribute("aria-posinset", String(index + 1));
      this.source.fill(row, entry);
    }
    refocus?.();
    if (this.lastInSight >= 0 && !this.source.at(this.lastInSight)) this.source.missing(this.lastInSight);
  }

  /**
   * Keep the place and the focus: a list loses its place if it is laid out without rows even for a moment.
   * @returns {() => void} moves the focus to the row that replaces the focused one
   */
  #takeOver() {
    const active = this.box.contains(document.activeElement) ? document.activeElement : null;
    const id = closest(active, "li")?.dataset.id ?? "";
    this.box.replaceChildren();
    this.box.classList.add("windowed");
    return () => {
      const row = this.#shown.get(id);
      if (row) find(active instanceof HTMLInputElement ? "input" : ACTION, row)?.focus({ preventScroll: true });
    };
  }

  /** @param {number} first @param {number} last @returns {Map<T, number>} */
  #wanted(first, last) {
    const wanted = new Map();
    for (let index = first; index < last; index += 1) {
      const entry = this.source.at(index);
      if (entry) wanted.set(entry, index);
    }
    return wanted;
  }

  /** Remove the rows of other entries from the document. @param {Map<T, number>} wanted */
  #withdraw(wanted) {
    const ids = new Set();
    for (const entry of wanted.keys()) ids.add(entry.id);
    for (const [id, row] of this.#shown) {
      if (ids.has(id)) continue;
      this.#shown.delete(id);
      // The focus would jump to the start of the page: give it to the list.
      if (row.contains(document.activeElement)) this.scroller.focus({ preventScroll: true });
      row.remove();
      this.#spare.push(row);
    }
  }

  /** @param {T} entry */
  #rowFor(entry) {
    let row = this.#shown.get(entry.id);
    if (!row) {
      this.#fresh += 1;
      row = this.#spare.pop() ?? this.source.make();
      this.#shown.set(entry.id, row);
    }
    return row;
  }
}
