import assert from "node:assert/strict";
import { test } from "node:test";

import { windowOf } from "../../static/js/inbox/list.js";

test("the window is what is in sight, with a margin", () => {
  assert.deepEqual(windowOf(0, 560, 56, 100_000), [0, 16]);
  assert.deepEqual(windowOf(56_000, 560, 56, 100_000), [994, 1016]);
});

test("the window ends with the list", () => {
  assert.deepEqual(windowOf(0, 560, 56, 3), [0, 3]);
  assert.deepEqual(windowOf(5_600_000, 560, 56, 100_000), [99_994, 100_000]);
});

test("a list that became shorter than the scroll is has an empty window", () => {
  assert.deepEqual(windowOf(56_000, 560, 56, 5), [5, 5]);
});
