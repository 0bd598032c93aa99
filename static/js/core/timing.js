// When things run: after a rest, and not too often.

const SETTLE_MS = 100;
const AGAIN_MS = 1000; // after a failure; twice as long after each one more
const TRIES = 4;

/** Wait. @param {number} ms */
export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

/**
 * Run a job soon after it is asked for: once what comes together has come, and `pause` ms
 * after the one before has ended. A job that fails is tried a few times, as nothing else may ask
 * again; then it is left to the next event, or to the feed's reconnection.
 * @param {() => Promise<void>} job
 * @param {number} pause
 * @returns {() => void} asks for a run
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
