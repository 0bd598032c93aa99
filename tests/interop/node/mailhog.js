// Calls npm's mailhog: node mailhog.js PORT CALLS (JSON: [[name, argument, …], …]).
import mailhog from "mailhog";
import { answer } from "./calls.js";

const [port, calls] = process.argv.slice(2);
const client = mailhog({ host: "127.0.0.1", port: Number(port) });
const names = Object.keys(client).filter((name) => name !== "options");
// What its messages work out only when it is asked for
const getters = ["text", "html", "subject", "from", "to", "date", "attachments"];
const read = (mail) => mail && { ...mail, ...Object.fromEntries(getters.map((name) => [name, mail[name]])) };
for (const name of ["latestFrom", "latestTo", "latestContaining"]) {
  const ask = client[name];
  client[name] = async (...given) => read(await ask(...given));
}
await answer(client, names, JSON.parse(calls));
