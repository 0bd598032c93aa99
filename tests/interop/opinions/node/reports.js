// Reads each report of a folder as an email client does, by postal-mime; prints JSON.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import PostalMime from "postal-mime";

// The fields of the report for programs, those of the last recipient last.
function fields(content) {
  const lines = Buffer.from(content).toString("utf8").replace(/\r?\n[ \t]/g, " ").split(/\r?\n/);
  const pairs = lines.filter(Boolean).map((line) => line.split(/:(.*)/s, 2));
  return Object.fromEntries(pairs.map(([name, value]) => [name, value.trim()]));
}

const folder = process.argv[2];
const found = {};
for (const name of readdirSync(folder)) {
  const options = { forceRfc822Attachments: true };
  const mail = await PostalMime.parse(readFileSync(join(folder, name)), options);
  const report = mail.attachments.find((each) => /delivery-status|feedback-report/.test(each.mimeType));
  found[name] = {
    subject: mail.subject,
    text: mail.text ?? "",
    types: mail.attachments.map((each) => each.mimeType),
    fields: report ? fields(report.content) : {},
  };
}
process.stdout.write(JSON.stringify(found));
