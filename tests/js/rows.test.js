import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { describe } from "../../static/js/inbox/row.js";

const cases = JSON.parse(readFileSync(new URL("../rows.json", import.meta.url), "utf8"));
const NAMES = { sender_whole: "senderWhole" };

for (const { name, entry, row } of cases) {
  test(name, () => {
    const words = describe(entry);
    for (const [key, value] of Object.entries(row)) assert.deepEqual(words[NAMES[key] ?? key], value, key);
  });
}
