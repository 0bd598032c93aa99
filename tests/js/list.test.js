import assert from "node:assert/strict";
import { test } from "node:test";

import { Heights } from "../../static/js/inbox/heights.js";
import { windowOf } from "../../static/js/inbox/list.js";

/** Heights of a list of which these rows are loaded: "m" two lines, "f" one. */
function heights(loaded = "") {
  const found = new Heights((row) => row === "f");
  found.measure([...loaded], { row: 56, low: 36 });
  return found;
}

test("the window is what is in sight, with a margin", () => {
  assert.deepEqual(windowOf(heights(), 0, 560, 100_000), [0, 16]);
  assert.deepEqual(windowOf(heights(), 56_000, 560, 100_000), [994, 1016]);
});

test("the window ends with the list", () => {
  assert.deepEqual(windowOf(heights(), 0, 560, 3), [0, 3]);
  assert.deepEqual(windowOf(heights(), 5_600_000, 560, 100_000), [99_994, 100_000]);
});

test("a list that became shorter than the scroll is has an empty window", () => {
  assert.deepEqual(windowOf(heights(), 56_000, 560, 5), [5, 5]);
});

test("rows of one line are lower, and those that are not loaded are high", () => {
  const mixed = heights("mffm");
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((index) => mixed.top(index)), [0, 56, 92, 128, 184, 240]);
  assert.deepEqual([0, 55, 56, 91, 92, 127, 128, 183, 184, 239, 240].map((y) => mixed.at(y)), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]);
});

test("many rows of one line in sight are all in the document", () => {
  assert.deepEqual(windowOf(heights("f".repeat(1000)), 0, 560, 1000), [0, 22]);
  assert.deepEqual(windowOf(heights("f".repeat(1000)), 360, 560, 1000), [4, 32]);
});

test("heights follow the rows and the sizes", () => {
  const rows = heights("ff");
  rows.measure(["m"], { row: 56, low: 36 });
  assert.equal(rows.top(1), 56);
  rows.measure(["m", "f"], { row: 36, low: 36 });
  assert.equal(rows.top(2), 72);
});
