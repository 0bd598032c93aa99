import assert from "node:assert/strict";
import { test } from "node:test";

import { person } from "../../static/js/core/bidi.js";

test("a name never turns the address beside it", () => {
  assert.equal(person("Zoë", "zoe@shop.test"), "Zoë <zoe@shop.test>");
  assert.equal(person("\u202emoc", "a@b.test"), "\u2068moc\u2069 <a@b.test>");
  assert.equal(person("דנה", ""), "\u2068דנה\u2069");
  assert.equal(person("", "a@b.test"), "a@b.test");
});
