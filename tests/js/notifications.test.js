import assert from "node:assert/strict";
import { test } from "node:test";

import { words } from "../../static/js/widgets/notifications.js";

const arrival = (subject, from = { name: "Shop", address: "shop@shop.test" }) => ({ id: "1", subject, from });

test("one is told by its sender and subject", () => {
  assert.deepEqual(words([arrival("Your order")]), ["Shop", "Your order"]);
  assert.deepEqual(words([arrival("", { name: "", address: "a@b" })]), ["a@b", "(no subject)"]);
  assert.deepEqual(words([arrival("x", null)]), ["New message", "x"]);
});

test("several are told as one", () => {
  assert.deepEqual(words(["d", "c", "b", "a"].map((each) => arrival(each))), ["4 new messages", "d\nc\nb"]);
  assert.equal(words(Array.from({ length: 20 }, () => arrival("x")))[0], "20+ new messages");
});
