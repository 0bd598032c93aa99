// Running times: every [data-elapsed] counts up from the seconds that the server gave it.

import { $$, setText } from "../core/dom.js";

/** @type {WeakMap<Element, { from: string, at: number }>} */
const seen = new WeakMap();

/**
 * A running time: "0:04", "1:02:03". The same as inbox.explain.quantities.stopwatch.
 * @param {number} seconds
 */
export function stopwatch(seconds) {
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = two(Math.floor(seconds) % 60);
  return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

function tick() {
  const now = performance.now();
  for (const node of $$("[data-elapsed]")) {
    const from = node.dataset.elapsed ?? "0";
    const known = seen.get(node);
    const mark = known?.from === from ? known : { from, at: now - Number(from) * 1000 };
    seen.set(node, mark);
    setText(node, stopwatch((now - mark.at) / 1000));
  }
}

/** Start the page's running times. */
export function start() {
  tick();
  setInterval(tick, 1000);
}
