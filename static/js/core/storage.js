// What this browser remembers of one's own choices. Storage may be blocked: then nothing is.

/** @param {string} name @returns {string | null} */
export function get(name) {
  try {
    return localStorage.getItem(`mailsink.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value @returns {boolean} whether it is stored */
export function set(name, value) {
  try {
    localStorage.setItem(`mailsink.${name}`, value);
    return true;
  } catch {
    return false;
  }
}
