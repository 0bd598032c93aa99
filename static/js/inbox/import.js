// Imports each message in files that are dropped on the inbox, or selected.

import { byId, closest, el, find, isModified } from "../core/dom.js";
import { count } from "../core/format.js";
import { fill, gettext, ngettext } from "../core/i18n.js";
import { routes } from "../core/routes.js";
import { toast } from "../core/toast.js";

const CHUNK = 1024 * 1024; // bytes of an mbox in one request, roughly
const FROM = new TextEncoder().encode("\nFrom ");

/** @typedef {{ imported: number, failed: Map<string, number> }} Result */

/** Whether a drag contains files. @param {DragEvent} event */
const hasFiles = (event) => Boolean(event.dataTransfer?.types.some((type) => type.toLowerCase() === "files"));

/**
 * The offset of the last "\nFrom " in some bytes, or -1.
 * @param {Uint8Array} bytes
 */
function lastFrom(bytes) {
  for (let at = bytes.length - FROM.length; at >= 0; at -= 1) {
    if (FROM.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

/**
 * The pieces of an mbox, each of whole messages.
 * @param {File} file
 * @returns {AsyncGenerator<Blob>}
 */
async function* pieces(file) {
  let start = 0;
  let end = 0;
  while (end < file.size) {
    const from = Math.max(start, end - FROM.length);
    end = Math.min(file.size, end + CHUNK);
    if (end === file.size) break;
    const at = lastFrom(new Uint8Array(await file.slice(from, end).arrayBuffer()));
    if (at < 0 || from + at + 1 <= start) continue;
    yield file.slice(start, from + at + 1);
    start = from + at + 1;
  }
  yield file.slice(start);
}

/** Ends an import: no further file would fit either. */
class DiskFull extends Error {}

/** @param {File} file */
async function isMbox(file) {
  const head = new Uint8Array(await file.slice(0, FROM.length - 1).arrayBuffer());
  return FROM.subarray(1).every((byte, index) => head[index] === byte);
}

/**
 * @param {Blob} body
 * @param {string} type
 * @param {Result} result
 */
async function send(body, type, result) {
  const response = await fetch(routes.messages, { method: "POST", body, headers: { "Content-Type": type } });
  const answer = await response.json().catch(() => ({}));
  /** @type {{ why: string, count: number }[]} */
  const failed = response.ok ? answer.failed : [{ why: answer.detail ?? String(response.status), count: 1 }];
  result.imported += answer.imported ?? 0;
  if (response.status === 507) throw new DiskFull(noRoom(result));
  for (const { why, count: times } of failed) result.failed.set(why, (result.failed.get(why) ?? 0) + times);
}

/** The result of an import that filled the disk. @param {Result} result */
function noRoom({ imported }) {
  const words = ngettext(
    "%(n)s message was imported, then the disk was full. Free some space, then import the rest.",
    "%(n)s messages were imported, then the disk was full. Free some space, then import the rest.",
    imported,
  );
  return fill(words, { n: count(imported) });
}

/** The result in words. @param {Result} result */
function sentence({ imported, failed }) {
  const n = count(imported);
  if (!failed.size) return fill(ngettext("%(n)s message imported", "%(n)s messages imported", imported), { n });
  const times = [...failed.values()].reduce((sum, each) => sum + each, 0);
  const words = ngettext(
    "%(n)s message imported, %(failed)s failed: %(why)s",
    "%(n)s messages imported, %(failed)s failed: %(why)s",
    imported,
  );
  return fill(words, { n, failed: count(times), why: [...failed.keys()].join(", ") });
}

/**
 * Import a file; a file that cannot be read, such as a folder, counts as failed.
 * @param {File} file
 * @param {Result} result
 * @param {(bytes: number) => void} sent called after each piece
 */
async function read(file, result, sent) {
  try {
    const mbox = await isMbox(file);
    for await (const piece of mbox ? pieces(file) : [file]) {
      await send(piece, mbox ? "application/mbox" : "message/rfc822", result);
      sent(piece.size);
    }
  } catch (error) {
    if (error instanceof DiskFull) throw error;
    const why = `${file.name}: ${error instanceof Error ? error.message : error}`;
    result.failed.set(why, (result.failed.get(why) ?? 0) + 1);
  }
}

/** Import files, and show the progress. @param {File[]} files */
async function run(files) {
  const total = files.reduce((sum, file) => sum + file.size, 0) || 1;
  const progress = /** @type {HTMLProgressElement} */ (el("progress", { max: String(total) }));
  const words = el("span", {}, gettext("Importing…"));
  const line = el("div", { class: "toast importing", "aria-hidden": "true" }, words, progress);
  byId("toasts").prepend(line); // at the start, so that no other toast moves
  addEventListener("beforeunload", stay);
  /** @type {Result} */
  const result = { imported: 0, failed: new Map() };
  let sent = 0;
  try {
    for (const file of files) {
      await read(file, result, (bytes) => {
        sent += bytes;
        progress.value = sent;
        words.textContent = fill(gettext("Importing… %(n)s so far"), { n: count(result.imported) });
      });
    }
    toast(sentence(result));
  } catch (error) {
    toast(fill(gettext("The import ended early: %(why)s"), { why: error instanceof Error ? error.message : "" }));
  } finally {
    line.remove();
    if (!find(".importing")) removeEventListener("beforeunload", stay);
  }
}

/** Let the browser warn a user who leaves: unsent files would not be imported. @param {Event} event */
const stay = (event) => event.preventDefault();

/** Accept files that are dropped anywhere on the page, or chosen in the menu. */
export function start() {
  const target = el("div", { class: "drop-target", hidden: true }, el("p", {}, gettext("Drop .eml or mbox files to import them")));
  document.body.append(target);
  document.addEventListener("click", (event) => {
    if (isModified(event) || !closest(event.target, "[data-import]")) return;
    event.preventDefault();
    choose();
  });
  let depth = 0;
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    target.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth = Math.max(0, depth - 1);
    target.hidden = depth === 0;
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    depth = 0;
    target.hidden = true;
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    run([...event.dataTransfer.files]);
  });
}

/** Ask for files, and import them. */
function choose() {
  const input = /** @type {HTMLInputElement} */ (el("input", { type: "file", multiple: true }));
  input.addEventListener("change", () => run([...(input.files ?? [])]));
  input.click();
}
