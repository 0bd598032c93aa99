import assert from "node:assert/strict";
import { test } from "node:test";

import { soon } from "../../static/js/core/timing.js";

const PAUSE_MS = 500;

/** A job that fails so many times, asked for once; and when it ran, in ms, within a minute. @param {any} t @param {number} failing */
async function runsOf(t, failing) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.mock.method(console, "error", () => {});
  const runs = [];
  let now = 0;
  const job = async () => {
    runs.push(now);
    if (runs.length <= failing) throw new Error("503");
  };
  soon(job, PAUSE_MS)();
  for (; now < 60_000; now += 100) {
    t.mock.timers.tick(100);
    for (let turn = 0; turn < 10; turn += 1) await null;
  }
  return runs;
}

test("a job runs once for what is asked together", async (t) => {
  assert.equal((await runsOf(t, 0)).length, 1);
});

test("a job that fails is tried again, later each time", async (t) => {
  const runs = await runsOf(t, 2);
  assert.equal(runs.length, 3);
  assert.ok(runs[2] - runs[1] > runs[1] - runs[0]);
});

test("a job that goes on failing is left", async (t) => {
  assert.equal((await runsOf(t, 100)).length, 4);
});
