import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../static/js/inbox/store.js";

const page = (ids, next = null, total = ids.length) => ({ items: ids.map((id) => ({ id })), next, total });
const idsOf = (store) => Array.from({ length: store.loaded }, (_, index) => store.at(index).id);

test("entries are newest first, whatever order they come in", () => {
  const store = new Store();
  for (const id of ["b", "d", "a", "c"]) store.put({ id });
  assert.deepEqual(idsOf(store), ["d", "c", "b", "a"]);
  assert.equal(store.indexOf("c"), 1);
  assert.equal(store.indexOf("x"), -1);
});

test("an entry that is known is changed in its place", () => {
  const store = new Store();
  store.reset(page(["b", "a"]));
  store.put({ id: "a", read: true });
  assert.equal(store.length, 2);
  assert.equal(store.at(1).read, true);
});

test("the length counts what is not loaded, until all is", () => {
  const store = new Store();
  store.reset(page(["e", "d"], "d", 5));
  assert.equal(store.length, 5);
  assert.equal(store.at(2), undefined);
  store.put({ id: "f" });
  assert.equal(store.length, 6);
  store.remove("e");
  assert.equal(store.length, 5);
  store.older(page(["c", "b", "a"], null, 5));
  assert.equal(store.length, 5);
  assert.deepEqual(idsOf(store), ["f", "d", "c", "b", "a"]);
});

test("a page that overlaps what is known adds nothing twice", () => {
  const store = new Store();
  store.reset(page(["d", "c"], "c", 4));
  store.older(page(["c", "b"], "b", 4));
  assert.deepEqual(idsOf(store), ["d", "c", "b"]);
});

test("trimming forgets the oldest, and they can be asked for again", () => {
  const store = new Store();
  store.reset(page(["d", "c", "b", "a"]));
  store.trim(2);
  assert.deepEqual(idsOf(store), ["d", "c"]);
  assert.equal(store.next, "c");
  assert.equal(store.length, 4);
  assert.equal(store.has("a"), false);
});

test("100,000 arrivals are taken quickly", () => {
  const store = new Store();
  const began = process.cpuUsage();
  for (let at = 0; at < 100_000; at += 1) store.put({ id: String(at).padStart(8, "0") });
  assert.equal(store.length, 100_000);
  assert.ok(process.cpuUsage(began).user < 1_000_000); // microseconds, whatever else runs
});
