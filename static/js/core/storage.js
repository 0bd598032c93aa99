// What a browser keeps of one's own choices. Storage may be blocked: then nothing is kept.

/** @param {string} name @returns {string | null} */
export function kept(name) {
  try {
    return localStorage.getItem(`mailsink.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value @returns {boolean} whether it is kept */
export function keep(name, value) {
  try {
    localStorage.setItem(`mailsink.${name}`, value);
    return true;
  } catch {
    return false;
  }
}
