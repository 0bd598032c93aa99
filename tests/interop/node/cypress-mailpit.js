// Calls the commands of npm's cypress-mailpit without Cypress, in whose place a few lines
// stand: node cypress-mailpit.js URL CALLS (JSON: [[name, argument, …], …]).
import { answer } from "./calls.js";

const [url, calls] = process.argv.slice(2);

async function request({ method, url, qs, body }) {
  const address = new URL(url);
  for (const [name, value] of Object.entries(qs ?? {})) address.searchParams.set(name, value);
  const response = await fetch(address, {
    method,
    body: body && JSON.stringify(body),
    headers: body ? { "Content-Type": "application/json" } : {},
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  const isJson = response.headers.get("Content-Type").startsWith("application/json");
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

globalThis.Cypress = {
  expose: () => url,
  config: () => 5000,
  Commands: { add: () => undefined },
};
globalThis.cy = {
  env: async () => ({}),
  wrap: async (value) => value,
  wait: (time) => new Promise((done) => setTimeout(done, time)),
  request,
};

const { MailpitCommands } = await import("cypress-mailpit/dist/src/MailpitCommands.js");
const commands = new MailpitCommands();
const names = [...MailpitCommands.parentCypressCommands, ...MailpitCommands.childCypressCommands];
// A command of a message gets it from the one before.
let latest = null;
const given = JSON.parse(calls).map(([name, ...rest]) => [name, ...rest]);
const client = Object.fromEntries(
  names.map((name) => [
    name,
    async (...rest) => {
      const value = await commands[name](...rest.map((each) => (each === "$latest" ? latest : each)));
      if (name === "mailpitGetMail") latest = value;
      return value;
    },
  ]),
);
await answer(client, names, given);
