// Sends one mail by emailjs: see the arguments in tests/interop/libraries.py.
import { readFileSync } from "node:fs";
import { SMTPClient } from "emailjs";

const [host, port, trust, content] = process.argv.slice(2);
const client = new SMTPClient({
    host,
    port: Number(port),
    tls: trust === "none" ? false : trust === "system" ? true : { ca: readFileSync(trust) },
});
await client.sendAsync({
    from: "Shop <shop@example.com>",
    to: "bob@example.com",
    subject: "Order 17",
    text: "Thank you.\n",
    ...(content === "html" ? { attachment: [{ data: "<p>Thank you.</p>\n", alternative: true }] } : {}),
});
