// The offsets of the rows of a list: rows of one line are lower than others.

/** @typedef {{ row: number, low: number }} Sizes in pixels */

/** @template T */
export class Heights {
  /** @type {Float64Array} the offset of each loaded row, in pixels, and the end of the last */
  #tops = new Float64Array(1);
  /** @type {T[] | undefined} the rows of these offsets */
  #items;
  #isLow;

  /** @param {(item: T) => boolean} isLow whether a row has one line */
  constructor(isLow) {
    this.#isLow = isLow;
  }

  /** @type {Sizes} */
  sizes = { row: 1, low: 1 };

  /** Use other sizes, or other rows. @param {T[]} items the loaded ones, newest first @param {Sizes} sizes */
  measure(items, sizes) {
    if (items === this.#items && sizes.row === this.sizes.row && sizes.low === this.sizes.low) return;
    this.#items = items;
    this.sizes = sizes;
    this.#tops = new Float64Array(items.length + 1);
    for (const [index, item] of items.entries()) {
      this.#tops[index + 1] = this.#tops[index] + (this.#isLow(item) ? sizes.low : sizes.row);
    }
  }

  get #loaded() {
    return this.#tops.length - 1;
  }

  /** The offset of a row, in pixels; a row that is not loaded counts as high. @param {number} index */
  top(index) {
    if (index <= this.#loaded) return this.#tops[index];
    return this.#tops[this.#loaded] + (index - this.#loaded) * this.sizes.row;
  }

  /** The row at a place of the list. @param {number} y in pixels */
  at(y) {
    const end = this.#tops[this.#loaded];
    if (y >= end) return this.#loaded + Math.floor((y - end) / this.sizes.row);
    let [low, high] = [0, this.#loaded];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#tops[middle] <= y) low = middle;
      else high = middle;
    }
    return low;
  }
}
