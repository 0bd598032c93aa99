import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { bursts } from "../../static/js/inbox/bursts.js";
import { Folds, isFold } from "../../static/js/inbox/folds.js";
import { Store } from "../../static/js/inbox/store.js";

const cases = JSON.parse(readFileSync(new URL("bursts.json", import.meta.url), "utf8"));
const START = Date.parse("2026-11-26T12:00:00Z");

const entriesOf = (told) => told.map(([subject, seconds, sender = "shop@shop.test"], index) => ({
  id: String(told.length - index).padStart(6, "0"),
  from: { name: "", address: sender },
  subject,
  received_at: new Date(START + seconds * 1000).toISOString(),
}));

for (const { name, entries, bursts: wanted } of cases) {
  test(name, () => {
    const given = entriesOf(entries);
    assert.deepEqual(bursts(given).map((run) => run.map((entry) => given.indexOf(entry))), wanted);
  });
}

function folds(count, apart = 0.1) {
  const store = new Store();
  const entries = entriesOf(Array.from({ length: count }, (_, index) => [`a ${index}`, 50 - index * apart]));
  store.reset({ items: entries, next: null, total: count });
  return { store, entries, rows: new Folds(store) };
}

test("a burst is one row until it is opened", () => {
  const { rows, entries } = folds(30);
  assert.equal(rows.length, 1);
  const fold = rows.at(0);
  assert.ok(isFold(fold));
  assert.equal(rows.indexOf(entries[7].id), 0);
  assert.equal(rows.hidden, 30);
  rows.toggle(fold.id);
  assert.equal(rows.length, 31);
  assert.equal(rows.at(8), entries[7]);
  assert.equal(rows.indexOf(entries[7].id), 8);
  assert.ok(rows.inOpenFold(entries[7].id));
});

test("an arrival joins the open fold", () => {
  const { rows, store } = folds(30);
  const { id } = rows.at(0);
  rows.toggle(id);
  store.put({ ...entriesOf([["a 31", 51]])[0], id: "000031" });
  assert.equal(rows.at(0).id, id);
  assert.equal(rows.length, 32);
});

test("a fold stays open whichever of its entries come and go", () => {
  const { rows, store, entries } = folds(30);
  const { id } = rows.at(0);
  rows.toggle(id);
  store.remove(entries[29].id);
  assert.equal(rows.at(0).id, id);
  assert.equal(rows.length, 30);
  store.older({ items: entriesOf([["a 0", 46], ["a 1", 45]]).map((each, index) => ({ ...each, id: `00000${index}` })), next: null, total: null });
  assert.equal(rows.at(0).id, id);
  assert.equal(rows.length, 32);
});

test("a fold that falls into two is two", () => {
  const { rows, store, entries } = folds(60, 3);
  assert.equal(rows.length, 1);
  for (const { id } of entries.slice(22, 39)) store.remove(id);
  const ids = rows.all().filter(isFold).map((fold) => fold.id);
  assert.equal(ids.length, 2);
  assert.notEqual(ids[0], ids[1]);
});

test("what is not loaded follows the rows", () => {
  const { rows, store } = folds(30);
  store.next = "000001";
  store.count(100);
  assert.equal(rows.length, 71);
});

const failuresOf = (told) => told.map(([failure, seconds], index) => ({
  id: String(told.length - index).padStart(6, "0"),
  outcome: "rejected",
  failure,
  from: { name: "", address: "" },
  reverse_path: "app@acme.test",
  subject: "",
  started_at: new Date(START + seconds * 1000).toISOString(),
  ended_at: null,
}));

test("three failures alike within ten minutes are one row", () => {
  const alike = failuresOf([["a", 600], ["a", 300], ["b", 200], ["a", 0]]);
  assert.deepEqual(bursts(alike).map((run) => run.map((entry) => alike.indexOf(entry))), [[0, 1, 3]]);
});

test("two failures, or three in more than ten minutes, are rows of their own", () => {
  assert.deepEqual(bursts(failuresOf([["a", 2], ["a", 1]])), []);
  assert.deepEqual(bursts(failuresOf([["a", 601], ["a", 300], ["a", 0]])), []);
});

test("what was searched for is not folded", () => {
  const store = new Store();
  const entries = entriesOf(Array.from({ length: 30 }, (_, index) => [`a ${index}`, 50 - index / 10]));
  store.reset({ items: entries, next: null, total: null });
  assert.equal(new Folds(store, false).length, 30);
});
