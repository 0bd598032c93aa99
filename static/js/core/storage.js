// The user's choices, remembered by this browser. If storage is blocked, nothing is remembered.

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
