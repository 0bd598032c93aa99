import assert from "node:assert/strict";
import test from "node:test";

import { fill, gettext, ngettext } from "../../static/js/core/i18n.js";

test("texts are as written without a catalog", () => {
  assert.equal(gettext("Inbox"), "Inbox");
  assert.equal(ngettext("one", "many", 1), "one");
  assert.equal(ngettext("one", "many", 0), "many");
});

test("values go into their places", () => {
  assert.equal(fill("%(n)s of %(all)s: %(n)s", { n: 1, all: "$&" }), "1 of $&: 1");
});
