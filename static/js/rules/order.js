// Moves rules: by dragging a handle, with Alt and an arrow key on it, or with the buttons.
//
// A move names the rule that follows, not a place: other users may move rules meanwhile.
// The answer is the current list.

import { $, $$, byId, closest, find, focused } from "../core/dom.js";
import { isOlder, morph } from "../core/fragments.js";
import { fill, gettext } from "../core/i18n.js";
import { announce, toast } from "../core/toast.js";
import { ask } from "../widgets/refresh.js";

const box = $("[data-order]");
const rows = () => $$("[data-rule]", box);

/** @type {HTMLElement | null} the row that is dragged */
let dragged = null;
/** @type {Promise<void>} one move at a time: each starts from the result of the previous one */
let last = Promise.resolve();

/** @param {() => Promise<void> | undefined} move */
function queue(move) {
  last = last.then(move).catch(() => toast(gettext("The server cannot be reached")));
}

/**
 * @param {string} id of the rule
 * @param {string} before the id of another; "" for the end
 */
async function move(id, before) {
  const active = focused();
  const began = performance.now();
  const was = active?.closest(`#rule-${id}`) ? active.dataset.move ?? "" : null;
  const answer = await fetch(`${box.dataset.order}/${id}/move`, { method: "POST", body: new URLSearchParams({ before }) });
  if (!answer.ok) {
    toast(gettext("The rule was not moved: the list has changed meanwhile."));
    return;
  }
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  const isThere = focused() === active;
  // A move by another user may have been shown since the answer was made.
  if (isOlder(box, began)) ask(box.dataset.refresh ?? "");
  morph(box, template.content);
  const row = byId(`rule-${id}`);
  // The button may now be disabled, such as "up" at the top.
  if (was !== null && isThere) (find(`[data-move="${was}"]:not(:disabled)`, row) ?? $(".handle", row)).focus();
  const place = rows().indexOf(row) + 1;
  announce(fill(gettext("Rule %(id)s is at place %(place)s of %(all)s"), { id, place: String(place), all: String(rows().length) }));
}

/** @param {string} id of the rule @param {number} by how many places, -1 or 1 */
function step(id, by) {
  const all = rows();
  const from = all.findIndex((row) => row.dataset.rule === id);
  const at = from + by;
  if (from < 0 || at < 0 || at >= all.length) return undefined;
  const behind = by < 0 ? all[at] : all[at + 1];
  return move(id, behind?.dataset.rule ?? "");
}

/** @param {KeyboardEvent} event */
function press(event) {
  const handle = closest(event.target, ".handle");
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const row = closest(handle, "[data-rule]");
  if (!event.altKey || !by || !row) return;
  event.preventDefault();
  queue(() => step(row.dataset.rule ?? "", by));
}

/** Move with a button, without loading the page again. @param {SubmitEvent} event */
function submit(event) {
  const button = event.submitter;
  const row = closest(button, "[data-rule]");
  if (!(button instanceof HTMLElement) || !button.dataset.move || !row) return;
  event.preventDefault();
  const by = button.dataset.move === "down" ? 1 : -1;
  queue(() => step(row.dataset.rule ?? "", by));
}

/** @param {DragEvent} event */
function begin(event) {
  dragged = closest(closest(event.target, ".handle"), "[data-rule]");
  if (!dragged || !event.dataTransfer) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.rule ?? "");
  event.dataTransfer.setDragImage(dragged, 0, 0);
  dragged.classList.add("dragged");
}

/** The row that follows the pointer; null at the end. @param {DragEvent} event */
function target(event) {
  return rows().find((row) => {
    const { top, height } = row.getBoundingClientRect();
    return event.clientY < top + height / 2;
  }) ?? null;
}

/** @param {DragEvent} event */
function over(event) {
  if (!dragged) return;
  event.preventDefault();
  for (const row of $$(".drop", box)) row.classList.remove("drop");
  target(event)?.classList.add("drop");
}

/** @param {DragEvent} event */
function drop(event) {
  if (!dragged) return;
  event.preventDefault();
  const behind = target(event);
  const [id, before] = [dragged.dataset.rule ?? "", behind?.dataset.rule ?? ""];
  if (before !== id) queue(() => move(id, before));
}

function end() {
  for (const row of $$(".drop, .dragged", box)) row.classList.remove("drop", "dragged");
  dragged = null;
}

box.addEventListener("keydown", press);
box.addEventListener("submit", submit);
box.addEventListener("dragstart", begin);
box.addEventListener("dragover", over);
box.addEventListener("drop", drop);
box.addEventListener("dragend", end);
