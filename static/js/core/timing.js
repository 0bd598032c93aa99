// When things run: after a rest, and not too often.

const SETTLE_MS = 100;

/** Wait. @param {number} ms */
export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

/**
 * Run a job soon after it is asked for: once what comes together has come, and `pause` ms
 * after the one before has ended. A job that fails is left: the feed's reconnection asks again.
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
    await job().catch(console.error);
    await sleep(pause);
    busy = false;
    if (asked) run();
  };
  return () => {
    asked = true;
    if (!busy) run();
  };
}
