import assert from "node:assert/strict";
import { test } from "node:test";

import { addressIn, traceOf } from "../../static/js/core/addresses.js";

test("an address is found as it is typed or searched for", () => {
  for (const text of ["ann@example.com", " ann@example.com ", "to:ann@example.com", 'TO:"ann@example.com"',
    "is:unread cc:ann@example.com", "<ann@example.com>", "mailto:ann@example.com", "Ann <ann@example.com>"]) {
    assert.equal(addressIn(text), "ann@example.com", text);
  }
});

test("what is no address is none", () => {
  for (const text of ["", "ann", "ann@", "@example.com", "from:ann@example.com", "a@b@c", "-to:ann@example.com"]) {
    assert.equal(addressIn(text), "", text);
  }
});

test("the page is asked with the filter that may hide the mail", () => {
  assert.equal(traceOf("a+b@example.com"), "/trace?address=a%2Bb%40example.com");
  assert.equal(traceOf("a@b", "is:unread x"), "/trace?address=a%40b&q=is%3Aunread+x");
});
