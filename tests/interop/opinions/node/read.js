// Reads each message of a folder by postal-mime and by mailparser; prints JSON.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";

const people = (list) =>
  (list ?? []).flatMap((each) =>
    each.group ? people(each.group) : [[each.name ?? "", each.address ?? ""]]);
const utc = (date) => {
  const at = new Date(date ?? NaN);
  return Number.isNaN(at.getTime()) ? null : at.toISOString().slice(0, 19);
};
const lists = (field) => [field ?? []].flat().flatMap((each) => each.value ?? []);

async function postal(octets) {
  const mail = await PostalMime.parse(octets);
  return {
    subject: mail.subject ?? "",
    from: people(mail.from ? [mail.from] : []),
    to: people(mail.to),
    date: utc(mail.date),
    text: mail.text ?? "",
    attachments: mail.attachments.map((each) => each.filename ?? ""),
  };
}

async function mailparser(octets) {
  const mail = await simpleParser(octets, { skipTextToHtml: true });
  return {
    subject: mail.subject ?? "",
    from: people(lists(mail.from)),
    to: people(lists(mail.to)),
    date: utc(mail.date),
    text: mail.text ?? "",
    attachments: mail.attachments.map((each) => each.filename ?? ""),
  };
}

const folder = process.argv[2];
const found = {};
for (const name of readdirSync(folder)) {
  const octets = readFileSync(join(folder, name));
  found[name] = { "postal-mime": await postal(octets), mailparser: await mailparser(octets) };
}
process.stdout.write(JSON.stringify(found));
