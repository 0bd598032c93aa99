// The page's only connection to /ws/live (docs/live.md): subscriptions that survive a reconnection,
// an acknowledgement for each painted frame, and reconnection with jittered back-off.
// A hidden tab paints nothing, so it acknowledges nothing, and the server sends no more.

import { routes } from "./routes.js";

/**
 * @typedef {"connecting" | "live" | "waiting" | "down"} State down: the server reports that
 *   it has no live feed at the moment
 * @typedef {{ event: string, id?: string } & Record<string, any>} LiveEvent
 * @typedef {object} Listener
 * @property {() => void} [load] reads the first page again: after each subscription, and
 *   whenever the server had to drop events
 * @property {(events: LiveEvent[]) => void} events some may already be known: compare id or seq
 */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const NOT_LIVE = 4503; // docs/live.md

/**
 * The wait before the next attempt, in milliseconds.
 * @param {number} attempt from 0
 * @param {number} random from 0 to 1
 */
export function backoff(attempt, random) {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * (0.5 + random / 2);
}

export class Live {
  /** @type {State} */
  state = "connecting";
  /** When the last frame arrived, or the connection was last known to be good. */
  seenAt = new Date();
  /** @type {Map<string, Set<Listener>>} */
  #listeners = new Map();
  /** @type {Set<string>} topics that the server has confirmed on this connection */
  #confirmed = new Set();
  /** @type {Set<(state: State) => void>} */
  #watchers = new Set();
  /** @type {number[]} seqs of the frames to acknowledge once painted */
  #unpainted = [];
  #attempt = 0;
  #timer = 0;
  /** @type {WebSocket | undefined} */
  #socket;
  #url;
  #connect;
  #frame;
  #later;

  /**
   * @param {string} url
   * @param {object} [world] tests replace parts of the browser with these
   * @param {(url: string) => WebSocket} [world.connect]
   * @param {(paint: () => void) => void} [world.frame]
   * @param {(run: () => void, ms: number) => any} [world.later]
   */
  constructor(url, {
    connect = (to) => new WebSocket(to),
    frame = (paint) => requestAnimationFrame(paint),
    later = (run, ms) => setTimeout(run, ms),
  } = {}) {
    this.#url = url;
    this.#connect = connect;
    this.#frame = frame;
    this.#later = later;
  }

  /** Connect at once; do nothing if a connection exists or is being made. */
  open() {
    if (this.#socket) return;
    clearTimeout(this.#timer);
    const socket = this.#connect(this.#url);
    this.#socket = socket;
    socket.addEventListener("message", (message) => this.#receive(JSON.parse(message.data)));
    socket.addEventListener("close", ({ code }) => this.#lost(code));
  }

  /**
   * Listen to a topic: "messages", "sessions" or "session:<id>".
   * @param {string} topic
   * @param {Listener} listener
   * @returns {() => void} stops listening
   */
  subscribe(topic, listener) {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    if (this.#confirmed.has(topic)) listener.load?.();
    else if (listeners.size === 1) this.#send({ type: "subscribe", to: topic });
    return () => {
      if (!listeners.delete(listener) || listeners.size) return;
      this.#listeners.delete(topic);
      this.#confirmed.delete(topic);
      this.#send({ type: "unsubscribe", to: topic });
    };
  }

  /**
   * Call a function with the current state, and at each change.
   * @param {(state: State) => void} watcher
   */
  watch(watcher) {
    this.#watchers.add(watcher);
    watcher(this.state);
  }

  /** @param {any} frame */
  #receive(frame) {
    this.seenAt = new Date();
    if (frame.type === "hello") this.#greeted();
    else if (frame.type === "subscribed") this.#load(frame.to);
    else if (frame.type === "resync") this.#load(frame.to);
    else if (frame.type === "batch") this.#batch(frame);
    else if (frame.type === "error") console.error("live:", frame.detail);
  }

  #greeted() {
    this.#attempt = 0;
    this.#become("live");
    for (const topic of this.#listeners.keys()) this.#send({ type: "subscribe", to: topic });
  }

  /** @param {string} topic */
  #load(topic) {
    this.#confirmed.add(topic);
    for (const listener of this.#listeners.get(topic) ?? []) listener.load?.();
  }

  /** @param {{ seq: number, to: string, events: LiveEvent[] }} frame */
  #batch({ seq, to, events }) {
    for (const listener of this.#listeners.get(to) ?? []) listener.events(events);
    this.#unpainted.push(seq);
    if (this.#unpainted.length === 1) this.#frame(() => this.#painted());
  }

  #painted() {
    for (const seq of this.#unpainted.splice(0)) this.#send({ type: "ack", seq });
  }

  /** @param {number} code */
  #lost(code) {
    // A connection without a greeting has sent nothing: seenAt keeps the time of the previous one.
    if (this.state === "live") this.seenAt = new Date();
    this.#socket = undefined;
    this.#confirmed.clear();
    this.#unpainted.length = 0;
    this.#become(code === NOT_LIVE ? "down" : "waiting");
    this.#timer = this.#later(() => this.open(), backoff(this.#attempt++, Math.random()));
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    for (const watcher of this.#watchers) watcher(state);
  }

  /** @param {object} message */
  #send(message) {
    // Before the greeting nothing is sent: subscriptions follow it.
    if (this.state === "live") this.#socket?.send(JSON.stringify(message));
  }
}

/** @type {Live | undefined} */
let shared;

/** The page's own connection, created by the first call. */
export function live() {
  shared ??= connect();
  return shared;
}

function connect() {
  const connection = new Live(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${routes.live}`);
  connection.open();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) connection.open();
  });
  return connection;
}
