// The tags in use, in the side bar: each is a search, with its number of messages.

import { $, el, getJSON } from "../core/dom.js";
import { morph, unpressed } from "../core/fragments.js";
import { count } from "../core/format.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import { soon } from "../core/timing.js";

const PAUSE_MS = 1000;
const MOST = 20; // tags that are shown: those with the most messages
const ASKED = 2 * MOST; // some of these may not be searchable

/** @typedef {{ name: string, messages: number }} Tag */

/** A tag as a search. @param {string} name */
const query = (name) => `tag:"${name}"`;

/** @param {Tag} tag */
function link({ name, messages }) {
  const url = routes.list({ q: query(name) });
  const node = el("a", { href: url, title: name }, $("template", box(), HTMLTemplateElement).content.cloneNode(true));
  node.append(el("bdi", { class: "label" }, name), " ", el("span", { class: "count" }, count(messages)));
  if (new URLSearchParams(location.search).get("q") === query(name)) node.ariaCurrent = "page";
  return node;
}

const box = () => $("[data-tags]");

/** @param {Tag[]} tags those with the most messages first */
function show(tags) {
  const searchable = tags.filter(({ name }) => !name.includes('"')); // a search cannot contain a quote
  const most = searchable.slice(0, MOST);
  most.sort((a, b) => a.name.localeCompare(b.name));
  const fresh = document.createDocumentFragment();
  fresh.append(...most.map(link));
  morph($("div", box()), fresh);
  box().hidden = most.length === 0;
}

/** Handle a restored message, which may bring its tags back. @param {import("../core/socket.js").LiveEvent} event */
const concerns = ({ event, tags }) => event === "message.updated" || event === "message.deleted" || (event === "message.created" && tags?.length > 0);

const renew = soon(async () => {
  const { items } = await getJSON(routes.tags({ sort: "messages", limit: `${ASKED}` }));
  await unpressed();
  show(items);
}, PAUSE_MS);

/** Keep the tags current, at most once a second. */
export function start() {
  live().subscribe("messages", {
    load: renew,
    events: (events) => events.some(concerns) && renew(),
  });
}
