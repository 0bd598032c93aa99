import assert from "node:assert/strict";
import { test } from "node:test";

import { Connections } from "../../static/js/widgets/statusline.js";

const info = (live, at) => ({
  uptime: 60,
  counts: { live_sessions: live },
  last_connection: at && { at, client_address: "10.0.0.1" },
});
const NOW = Date.parse("2026-11-23T10:00:00Z");

test("the API tells first, the feed goes on", () => {
  const connections = new Connections();
  connections.load(info(2, "2026-11-23T09:59:30Z"), NOW);
  connections.apply({ event: "session.opened", opened_at: "2026-11-23T10:00:05.000000Z", client_address: "10.0.0.2" });
  connections.apply({ event: "session.updated" });
  assert.deepEqual([connections.open, connections.last.from], [3, "10.0.0.2"]);
  connections.apply({ event: "session.closed" });
  assert.equal(connections.open, 2);
});

test("a connection before the start is none since the start", () => {
  const connections = new Connections();
  connections.load(info(0, "2026-11-23T09:58:00Z"), NOW);
  assert.equal(connections.last, null);
});

test("an older connection read late does not replace a newer one", () => {
  const connections = new Connections();
  connections.apply({ event: "session.opened", opened_at: "2026-11-23T10:00:05Z", client_address: "10.0.0.2" });
  connections.load(info(1, "2026-11-23T09:59:59Z"), NOW);
  assert.equal(connections.last.from, "10.0.0.2");
});
