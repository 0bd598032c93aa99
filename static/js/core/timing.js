// Runs jobs after a pause, and not too often.

const SETTLE_MS = 100;
const AGAIN_MS = 1000; // after a failure; doubled after each further one
const TRIES = 4;

/** Wait. @param {number} ms */
export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

/**
 * Run a job soon after a request: requests at the same time share a run, and a run begins `pause` ms
 * after the end of the previous one. A job that fails is retried a few times, as there may be no further
 * request; after that, the next event or the feed's reconnection requests it again.
 * @param {() => Promise<void>} job
 * @param {number} pause
 * @returns {() => void} requests a run
 */
export function soon(job, pause) {
  let asked = false;
  let busy = false;
  let failures = 0;
  const run = async () => {
    busy = true;
    await sleep(SETTLE_MS);
    asked = false;
    try {
      await job();
      failures = 0;
    } catch (error) {
      console.error(error);
      failures = (failures + 1) % TRIES;
      asked ||= failures > 0;
      if (failures) await sleep(AGAIN_MS * 2 ** (failures - 1));
    }
    await sleep(pause);
    busy = false;
    if (asked) run();
  };
  return () => {
    asked = true;
    if (!busy) run();
  };
}
