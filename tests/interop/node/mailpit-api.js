// Calls npm's mailpit-api: node mailpit-api.js URL CALLS (JSON: [[name, argument, …], …]).
import { MailpitClient } from "mailpit-api";
import { answer } from "./calls.js";

const [url, calls] = process.argv.slice(2);
const client = new MailpitClient(url);
const names = Object.getOwnPropertyNames(MailpitClient.prototype);
await answer(client, names, JSON.parse(calls));
