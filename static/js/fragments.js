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
