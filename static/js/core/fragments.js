// Pieces of pages that the server renders anew: words and markup are made there only.

/**
 * Fetch a fragment, as nodes that are not in the page yet.
 * @param {string} url
 * @returns {Promise<DocumentFragment>} rejects with an Error in words
 */
export async function fragment(url) {
  const response = await fetch(url, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  return template.content;
}

const SETTLE_MS = 100;

/**
 * Run a job soon after it is asked for: once what comes together has come, and at most
 * once in `pause` ms. A job that fails is left: the feed's reconnection asks again.
 * @param {() => Promise<void>} job
 * @param {number} pause
 * @returns {() => void} asks for a run
 */
export function soon(job, pause) {
  let asked = false;
  let busy = false;
  const run = async () => {
    busy = true;
    await sleep(SETTLE_MS);
    asked = false;
    const rest = sleep(pause);
    await job().catch(console.error);
    await rest;
    busy = false;
    if (asked) run();
  };
  return () => {
    asked = true;
    if (!busy) run();
  };
}

/** Wait. @param {number} ms */
export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

/**
 * Whether somebody writes or chooses in there: nothing is to be taken from under a hand.
 * @param {Element} box
 */
export const inUse = (box) => box.contains(document.activeElement) || box.querySelector("details[open]") !== null;

/** @type {WeakSet<Element>} boxes whose jobs wait */
const waiting = new WeakSet();

/**
 * Do a job once nobody uses a box any more; for each box there is one job, asked for once.
 * @param {Element} box that is in use
 * @param {() => void} job
 */
export function onceFree(box, job) {
  if (waiting.has(box)) return;
  waiting.add(box);
  const left = new AbortController();
  // The focus is nowhere for a moment, on its way from one field to the next.
  const look = () => setTimeout(() => {
    if (left.signal.aborted || inUse(box)) return;
    left.abort();
    waiting.delete(box);
    if (box.isConnected) job();
  });
  // `toggle` does not bubble, so both are caught on their way down.
  for (const event of ["focusout", "toggle"]) box.addEventListener(event, look, { capture: true, signal: left.signal });
}
