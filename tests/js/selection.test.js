import assert from "node:assert/strict";
import test from "node:test";

import { Selection } from "../../static/js/inbox/selection.js";

const message = (id) => ({ id });

test("rows are chosen and no longer", () => {
  let told = 0;
  const chosen = new Selection(() => { told += 1; });
  chosen.toggle(message("a"));
  assert.ok(chosen.has(message("a")));
  assert.equal(chosen.anchor, "a");
  chosen.toggle(message("a"));
  assert.equal(chosen.size, 0);
  assert.equal(told, 2);
});

test("a burst stands for its messages, what was not accepted for nothing", () => {
  const chosen = new Selection(() => {});
  chosen.toggle({ id: "burst", entries: [message("a"), message("b")], open: false });
  assert.deepEqual([...chosen.ids], ["a", "b"]);
  chosen.toggle({ id: "t", outcome: "rejected" });
  assert.equal(chosen.size, 2);
  assert.ok(!chosen.has({ id: "t", outcome: "rejected" }));
});

test("what is gone is not chosen", () => {
  const chosen = new Selection(() => {}, () => [message("a"), message("b")]);
  chosen.add([message("a"), message("b")]);
  chosen.chooseAll();
  chosen.drop(["a"]);
  assert.deepEqual([...chosen.ids], ["b"]);
  chosen.clear();
  assert.ok(!chosen.all);
});

test("where all that match are meant, each message is chosen, also one that is not loaded yet", () => {
  const loaded = [message("a"), { id: "t", outcome: "rejected" }];
  const chosen = new Selection(() => {}, () => loaded);
  chosen.chooseAll();
  assert.ok(chosen.has(message("a")));
  assert.ok(chosen.has(message("arrives later")));
  assert.ok(!chosen.has({ id: "t", outcome: "rejected" }));
  loaded.push(message("b"));
  chosen.toggle(message("a"));
  assert.ok(!chosen.all);
  assert.deepEqual([...chosen.ids], ["b"]);
});

test("all that match may be chosen while no message of them is loaded", () => {
  const chosen = new Selection(() => {}, () => [{ id: "t", outcome: "rejected" }]);
  chosen.chooseAll();
  assert.equal(chosen.size, 0);
  assert.ok(chosen.some);
});
