import assert from "node:assert/strict";
import { test } from "node:test";

import { Feed } from "../../static/js/inbox/feed.js";

const page = (ids, next = null, total = ids.length) => ({ items: ids.map((id) => ({ id })), next, total });
const idsOf = ({ store }) => Array.from({ length: store.loaded }, (_, index) => store.at(index).id);

/** A feed whose server answers with these pages in turn; and what it was asked for. */
function serve(...pages) {
  const asked = [];
  const errors = [];
  const resting = {};
  resting.promise = new Promise((done) => { resting.done = done; });
  const feed = new Feed({
    fetch: async (cursor) => {
      asked.push(cursor);
      const next = pages.shift();
      if (next instanceof Error) throw next;
      return typeof next === "function" ? next() : next;
    },
    changed() {},
    failed: (error) => errors.push(error.message),
    rest: () => resting.promise,
  });
  return { feed, asked, errors, rested: resting.done };
}

test("arrivals enter at once while the list is calm", async () => {
  const { feed } = serve(page(["b", "a"]));
  await feed.load();
  feed.put({ id: "c" });
  assert.deepEqual(idsOf(feed), ["c", "b", "a"]);
  assert.equal(feed.waiting, 0);
});

test("arrivals are held while the list is not calm, and enter once it is", async () => {
  const { feed } = serve(page(["b", "a"]));
  await feed.load();
  feed.calm = false;
  feed.put({ id: "c" });
  feed.put({ id: "c", read: true });
  feed.put({ id: "d" });
  assert.deepEqual(idsOf(feed), ["b", "a"]);
  assert.equal(feed.waiting, 2);
  feed.calm = true;
  assert.deepEqual(idsOf(feed), ["d", "c", "b", "a"]);
  assert.equal(feed.store.at(1).read, true);
});

test("a page that is there does not wait for one that is asked for meanwhile", async () => {
  const { feed, asked } = serve(page(["a"]), () => new Promise(() => {}));
  const first = feed.load();
  feed.load();
  await first;
  assert.deepEqual(idsOf(feed), ["a"]);
  assert.deepEqual(asked, [null, null]);
});

test("a change of what is known shows at once, calm or not", async () => {
  const { feed } = serve(page(["a"]));
  await feed.load();
  feed.calm = false;
  feed.put({ id: "a", read: true });
  assert.equal(feed.store.at(0).read, true);
  feed.remove("a");
  assert.deepEqual(idsOf(feed), []);
});

test("what is older than all that is loaded waits until it is reached", async () => {
  const { feed } = serve(page(["d", "c"], "c", 4));
  await feed.load();
  feed.put({ id: "a" });
  assert.deepEqual(idsOf(feed), ["d", "c"]);
});

test("what arrives or goes while the first page is on its way is not lost", async () => {
  const { feed } = serve(() => {
    feed.put({ id: "d" });
    feed.remove("b");
    return page(["c", "b", "a"]);
  });
  await feed.load();
  assert.deepEqual(idsOf(feed), ["d", "c", "a"]);
});

test("a page that was read before a change does not undo it", async () => {
  const change = (items) => () => {
    feed.put({ id: "b", read: true });
    feed.remove("a");
    return { items, next: null, total: null };
  };
  const stale = [{ id: "b", read: false }, { id: "a", read: false }];
  const { feed } = serve(page(["b", "a"]), change(stale), { items: [{ id: "c" }], next: "c", total: 3 }, change(stale));
  await feed.load();
  await feed.load();
  assert.equal(feed.store.at(0).read, true);
  assert.deepEqual(idsOf(feed), ["b"]);
  feed.remove("b");
  await feed.load();
  await feed.reach(() => 1);
  assert.deepEqual(idsOf(feed), ["c", "b"]);
  assert.equal(feed.store.at(1).read, true);
});

test("a first page read again brings what was missed, and takes away what went", async () => {
  const { feed } = serve(page(["c", "b", "a"]), page(["e", "d", "c"], "c", 4));
  await feed.load();
  feed.remove("a");
  await feed.load();
  assert.deepEqual(idsOf(feed), ["e", "d", "c", "b"]);
});

test("after a gap a calm list begins again", async () => {
  const { feed } = serve(page(["b", "a"]), page(["z", "y"], "y", 900));
  await feed.load();
  await feed.load();
  assert.deepEqual(idsOf(feed), ["z", "y"]);
  assert.equal(feed.store.length, 900);
});

test("after a gap a list that is looked at stays, counts, and begins again on demand", async () => {
  const { feed } = serve(page(["b", "a"]), page(["z", "y"], "y", 900), page(["z", "y"], "y", 900));
  await feed.load();
  feed.calm = false;
  await feed.load();
  assert.deepEqual(idsOf(feed), ["b", "a"]);
  assert.equal(feed.waiting, 898);
  feed.release();
  await feed.load();
  assert.deepEqual(idsOf(feed), ["z", "y"]);
  assert.equal(feed.waiting, 0);
});

test("what was asked for after a gap comes, whatever the pointer does meanwhile", async () => {
  const { feed } = serve(page(["b", "a"]), page(["y", "x"], "x", 900), () => {
    feed.calm = true;
    feed.calm = false;
    feed.put({ id: "z" });
    return page(["y", "x"], "x", 900);
  });
  await feed.load();
  feed.calm = false;
  await feed.load();
  feed.release();
  await feed.load();
  assert.deepEqual(idsOf(feed), ["z", "y", "x"]);
  assert.equal(feed.waiting, 0);
});

test("what was asked for after a gap can be asked for again where it could not be read", async () => {
  const { feed, errors, rested } = serve(page(["b", "a"]), page(["y", "x"], "x", 900), new Error("503"), page(["y", "x"], "x", 900));
  await feed.load();
  feed.calm = false;
  await feed.load();
  feed.release();
  while (!errors.length) await null;
  assert.deepEqual(idsOf(feed), ["b", "a"]);
  assert.ok(feed.waiting);
  feed.release();
  rested();
  await new Promise(setImmediate);
  assert.deepEqual(idsOf(feed), ["y", "x"]);
});

test("readings are one at a time, and the last asking is answered", async () => {
  const { feed, asked } = serve(page(["a"]), page(["b", "a"]));
  const first = feed.load();
  feed.load();
  feed.load();
  await first;
  assert.deepEqual(idsOf(feed), ["b", "a"]);
  assert.equal(asked.length, 2);
});

test("a reading that fails is said, and the next one works, once the server had a rest", async () => {
  const { feed, asked, errors, rested } = serve(new Error("500"), page(["a"]));
  const first = feed.load();
  await new Promise(setImmediate);
  assert.deepEqual(errors, ["500"]);
  for (let batch = 0; batch < 3; batch += 1) feed.loadFirst();
  await new Promise(setImmediate);
  assert.equal(asked.length, 1);
  rested();
  await first;
  await feed.begun;
  assert.deepEqual(idsOf(feed), ["a"]);
  assert.equal(asked.length, 2);
});

test("a first page that is on its way is not asked for again", async () => {
  const { feed, asked } = serve(page(["a"]), page(["a"]));
  const first = feed.load();
  feed.loadFirst();
  await first;
  feed.loadFirst();
  await new Promise(setImmediate);
  assert.equal(asked.length, 1);
});

test("older pages are read until the place in sight is loaded", async () => {
  const { feed, asked } = serve(page(["f", "e"], "e", 6), page(["d", "c"], "c", 6), page(["b", "a"]));
  await feed.load();
  await feed.reach(() => 3);
  assert.deepEqual(idsOf(feed), ["f", "e", "d", "c"]);
  assert.deepEqual(asked, [null, "e"]);
});

test("memory is bounded while mail pours in", async () => {
  const { feed } = serve(page([]));
  await feed.load();
  for (let at = 0; at < 30_000; at += 1) feed.put({ id: String(at).padStart(6, "0") });
  feed.settle();
  assert.equal(feed.store.loaded, 10_000);
  assert.equal(feed.store.length, 30_000);
  feed.calm = false;
  for (let at = 30_000; at < 40_000; at += 1) feed.put({ id: String(at).padStart(6, "0") });
  assert.equal(feed.waiting, 10_000);
  assert.equal(feed.store.loaded, 10_000);
});

test("what leaves is said while it is still there, whoever took it away", async () => {
  const left = [];
  const pages = [page(["d", "c", "b", "a"]), page(["d", "b", "a"])];
  const feed = new Feed({
    fetch: async () => /** @type {any} */ (pages.shift()),
    changed() {},
    failed: assert.fail,
    leaves: (id) => left.push([id, feed.store.has(id)]),
  });
  await feed.load();
  await feed.load();
  feed.remove("b");
  feed.remove("unknown");
  assert.deepEqual(left, [["c", true], ["b", true]]);
});
