// The addresses of pages and of the API that scripts use; inbox/urls.py defines them.

/** The path that Mailsink is served at, with a slash at its end; the page names it. */
export const ROOT = globalThis.document?.documentElement.dataset.root ?? "/";

/** @typedef {Record<string, string> | string[][] | URLSearchParams | string} Query */

/** @param {string} path @param {Query} query */
const asked = (path, query) => `${ROOT}${path}?${new URLSearchParams(query)}`;

export const routes = {
  inbox: ROOT,
  chosen: `${ROOT}messages/chosen`,
  counts: `${ROOT}counts`,
  info: `${ROOT}api/v3/info`,
  live: `${ROOT}ws/live`,
  messages: `${ROOT}api/v3/messages`,
  restoreTrash: `${ROOT}trash/restore`,
  searchCounts: `${ROOT}searches/counts`,
  sessions: `${ROOT}sessions`,
  /** @param {Query} query */
  tags: (query) => asked("api/v3/tags", query),
  /** @param {string} id */
  message: (id) => `${ROOT}messages/${id}`,
  /** @param {string} id */
  mark: (id) => `${ROOT}messages/${id}/mark`,
  /** @param {string} id */
  restore: (id) => `${ROOT}messages/${id}/restore`,
  /** The list, or a part of it. @param {Query} query */
  list: (query) => asked("", query).replace(/\?$/, ""),
  /** @param {string} id */
  session: (id) => `${ROOT}sessions/${id}`,
  /** @param {string} id */
  transaction: (id) => `${ROOT}transactions/${id}`,
  /** @param {Query} query */
  compare: (query) => asked("compare", query),
  /** @param {Query} query */
  entries: (query) => asked("entries", query),
  /** @param {Query} query */
  sessionRows: (query) => asked("sessions/rows", query),
  /** @param {Query} query */
  trace: (query) => asked("trace", query),
};
