// The tags in use, in the side bar: each is a search, with how many messages have it.

import { $, el, getJSON } from "../core/dom.js";
import { morph, unpressed } from "../core/fragments.js";
import { count } from "../core/format.js";
import { routes } from "../core/routes.js";
import { live } from "../core/socket.js";
import { soon } from "../core/timing.js";

const PAUSE_MS = 1000;
const MOST = 20; // tags that are shown, those of most messages
const ASKED = 2 * MOST; // of which some may not be searchable

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

/** @param {Tag[]} tags those of most messages first */
function show(tags) {
  const searchable = tags.filter(({ name }) => !name.includes('"')); // a search has no way to write it
  const most = searchable.slice(0, MOST);
  most.sort((a, b) => a.name.localeCompare(b.name));
  const fresh = document.createDocumentFragment();
  fresh.append(...most.map(link));
  morph($("div", box()), fresh);
  box().hidden = most.length === 0;
}

/** A message that came back may bring its tags. @param {import("../core/socket.js").LiveEvent} event */
const concerns = ({ event, tags }) => event === "message.updated" || event === "message.deleted" || (event === "message.created" && tags?.length > 0);

const renew = soon(async () => {
  const { items } = await getJSON(routes.tags({ sort: "messages", limit: `${ASKED}` }));
  await unpressed();
  show(items);
}, PAUSE_MS);

/** Keep the tags true, at most once a second. */
export function start() {
  live().subscribe("messages", {
    load: renew,
    events: (events) => events.some(concerns) && renew(),
  });
}
