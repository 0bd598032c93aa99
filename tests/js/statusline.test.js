import assert from "node:assert/strict";
import { test } from "node:test";

import { Wire } from "../../static/js/widgets/statusline.js";

const info = (live, at) => ({
  uptime: 60,
  counts: { live_sessions: live },
  last_connection: at && { at, client_address: "10.0.0.1" },
});
const NOW = Date.parse("2026-11-23T10:00:00Z");

test("the API tells first, the feed goes on", () => {
  const wire = new Wire();
  wire.told(info(2, "2026-11-23T09:59:30Z"), NOW);
  wire.take({ event: "session.opened", opened_at: "2026-11-23T10:00:05.000000Z", client_address: "10.0.0.2" });
  wire.take({ event: "session.updated" });
  assert.deepEqual([wire.open, wire.last.from], [3, "10.0.0.2"]);
  wire.take({ event: "session.closed" });
  assert.equal(wire.open, 2);
});

test("a connection before the start is none since the start", () => {
  const wire = new Wire();
  wire.told(info(0, "2026-11-23T09:58:00Z"), NOW);
  assert.equal(wire.last, null);
});

test("an older connection told late does not replace a newer one", () => {
  const wire = new Wire();
  wire.take({ event: "session.opened", opened_at: "2026-11-23T10:00:05Z", client_address: "10.0.0.2" });
  wire.told(info(1, "2026-11-23T09:59:59Z"), NOW);
  assert.equal(wire.last.from, "10.0.0.2");
});
