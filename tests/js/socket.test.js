import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff, Live } from "../../static/js/core/socket.js";

/** A socket that the test speaks the server's part of. */
class Wire extends EventTarget {
  sent = [];
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  say(frame) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(frame) }));
  }
  drop(code = 1006) {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

/** A Live with the wires it opened, what it waits for, and what is yet to be painted. */
function start() {
  const wires = [];
  const frames = [];
  const waits = [];
  const live = new Live("ws://sink/ws/live", {
    connect: () => wires[wires.push(new Wire()) - 1],
    frame: (paint) => frames.push(paint),
    later: (run, ms) => waits.push({ run, ms }),
  });
  live.open();
  const paint = () => {
    for (const each of frames.splice(0)) each();
  };
  return { live, wires, waits, paint };
}

const hello = { type: "hello", version: 1, server: "s" };

test("it subscribes after the greeting, and loads once subscribed", () => {
  const { live, wires } = start();
  let loads = 0;
  live.subscribe("messages", { load: () => (loads += 1), events() {} });
  assert.deepEqual(wires[0].sent, []);
  wires[0].say(hello);
  assert.deepEqual(wires[0].sent, [{ type: "subscribe", to: "messages" }]);
  assert.equal(loads, 0);
  wires[0].say({ type: "subscribed", to: "messages" });
  assert.equal(loads, 1);
  wires[0].say({ type: "resync", to: "messages" });
  assert.equal(loads, 2);
});

test("two listeners share one subscription", () => {
  const { live, wires } = start();
  wires[0].say(hello);
  const stop = live.subscribe("sessions", { events() {} });
  wires[0].say({ type: "subscribed", to: "sessions" });
  let loads = 0;
  const heard = [];
  const stopToo = live.subscribe("sessions", { load: () => (loads += 1), events: (events) => heard.push(...events) });
  assert.equal(loads, 1);
  wires[0].say({ type: "batch", seq: 1, to: "sessions", events: [{ event: "session.opened", id: "x" }] });
  assert.equal(heard.length, 1);
  stop();
  assert.equal(wires[0].sent.length, 1);
  stopToo();
  assert.deepEqual(wires[0].sent.at(-1), { type: "unsubscribe", to: "sessions" });
});

test("a frame is acknowledged once it is painted, and not before", () => {
  const { live, wires, paint } = start();
  wires[0].say(hello);
  live.subscribe("messages", { events() {} });
  wires[0].say({ type: "batch", seq: 7, to: "messages", events: [] });
  wires[0].say({ type: "batch", seq: 8, to: "messages", events: [] });
  assert.equal(wires[0].sent.length, 1);
  paint();
  assert.deepEqual(wires[0].sent.slice(1), [{ type: "ack", seq: 7 }, { type: "ack", seq: 8 }]);
  wires[0].say({ type: "batch", seq: 9, to: "messages", events: [] });
  paint();
  assert.deepEqual(wires[0].sent.at(-1), { type: "ack", seq: 9 });
});

test("a lost connection is opened again, and subscribed again", () => {
  const { live, wires, waits, paint } = start();
  const states = [];
  live.watch((state) => states.push(state));
  live.subscribe("messages", { events() {} });
  wires[0].say(hello);
  wires[0].say({ type: "batch", seq: 1, to: "messages", events: [] });
  wires[0].drop();
  assert.deepEqual(states, ["connecting", "live", "waiting"]);
  paint(); // a frame of the lost connection is not acknowledged on the next one
  assert.equal(wires.length, 1);
  assert.ok(waits[0].ms >= 250 && waits[0].ms <= 500);
  waits[0].run();
  assert.equal(wires.length, 2);
  wires[1].say(hello);
  assert.deepEqual(wires[1].sent, [{ type: "subscribe", to: "messages" }]);
  assert.equal(live.state, "live");
});

test("attempts grow apart, up to 15 seconds, and are jittered", () => {
  assert.equal(backoff(0, 0), 250);
  assert.equal(backoff(0, 1), 500);
  assert.equal(backoff(3, 1), 4000);
  assert.equal(backoff(30, 1), 15_000);
});

test("a server that says so is down, and live again once it greets", () => {
  const { live, wires, waits } = start();
  wires[0].say(hello);
  wires[0].drop(4503);
  assert.equal(live.state, "down");
  waits[0].run();
  wires[1].drop(4503);
  assert.equal(live.state, "down");
  waits[1].run();
  wires[2].say(hello);
  assert.equal(live.state, "live");
});
