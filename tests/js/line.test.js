// What a live line says by itself, as the server would say it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { duration, isWhole } from "../../static/js/session/line.js";
import { stopwatch } from "../../static/js/widgets/elapsed.js";

// As tests/explain/test_lines.py has it of the server's words.
const DURATIONS = [
  [0, "0 ms"],
  [3, "0.1 ms"],
  [240, "0.2 ms"],
  [949, "0.9 ms"],
  [950, "1 ms"],
  [3_100, "3 ms"],
  [41_300, "41 ms"],
  [999_499, "999 ms"],
  [999_500, "1.0 s"],
  [59_949_999, "59.9 s"],
  [59_950_000, "1:00 min"],
  [245_000_000, "4:05 min"],
  [7_500_000_000, "2:05 h"],
];

test("a duration is told as the server tells it", () => {
  for (const [us, words] of DURATIONS) assert.equal(duration(us), words);
});

test("a time runs as the server began it", () => {
  assert.deepEqual([4, 65, 3723].map(stopwatch), ["0:04", "1:05", "1:02:03"]);
});

test("only a plain line does without the server's words", () => {
  const plain = {
    kind: "command", code: 250, flags: [], rule: "", delayed_us: 0, reply: ["250 Ok"],
    ready_us: 1200, received_us: 1000,
  };
  assert.equal(isWhole(plain), true);
  for (const more of [
    { kind: "body" }, { code: null, reply: [] }, { flags: ["pipelined"] }, { rule: "slow" },
    { delayed_us: 5 }, { reply: ["250-a", "250-b", "250 c"] }, { ready_us: 70_000_000 },
  ]) assert.equal(isWhole({ ...plain, ...more }), false, JSON.stringify(more));
});
