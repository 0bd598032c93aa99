// Times, sizes and counts as people read them, in the browser's own time zone.

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const number = new Intl.NumberFormat("en-US");

/**
 * A moment in a list: the time of day, and before today the date too.
 * @param {Date} moment
 * @param {Date} [now]
 */
export function when(moment, now = new Date()) {
  if (moment.toDateString() === now.toDateString()) return clock.format(moment);
  if (moment.getFullYear() === now.getFullYear()) return day.format(moment);
  return moment.toLocaleDateString("en-CA");
}

/** The time of day. @param {Date} moment */
export const timeOfDay = (moment) => clock.format(moment);

/** A moment in full, with its zone. @param {Date} moment */
export const inFull = (moment) => whole.format(moment);

/**
 * How long ago, in one unit: "4 s ago".
 * @param {number} ms
 */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** A whole number with its thousands apart. @param {number} value */
export const count = (value) => number.format(value);

/**
 * A number of things, in words: "1 new message", "14 new messages".
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

const UNITS = ["B", "KB", "MB", "GB"];

/** A size in few letters, as inbox.services.explain.quantities: "812 B", "4.5 KB". @param {number} size */
export function octets(size) {
  let unit = 0;
  let value = size;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}
