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

/**
 * Run a job soon after it is asked for: at once if it rested, else when the last run
 * is over and `pause` ms have passed since it began.
 * @param {() => Promise<void>} job
 * @param {number} pause
 * @returns {() => void} asks for a run
 */
export function soon(job, pause) {
  let asked = false;
  let busy = false;
  const run = async () => {
    asked = false;
    busy = true;
    const rest = new Promise((done) => setTimeout(done, pause));
    try {
      await job();
    } catch (error) {
      // The connection may be away: the feed's reconnection loads everything anew.
      console.error(error);
    }
    await rest;
    busy = false;
    if (asked) run();
  };
  return () => {
    asked = true;
    if (!busy) run();
  };
}
