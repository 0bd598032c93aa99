// Sends one mail by nodemailer: node send.js TRANSPORT MAIL (both JSON, as its
// createTransport and sendMail take them).
import nodemailer from "nodemailer";

const [transport, mail] = process.argv.slice(2).map((text) => JSON.parse(text));
const sender = nodemailer.createTransport(transport);
const sent = await sender.sendMail(mail);
console.log(JSON.stringify({ accepted: sent.accepted, response: sent.response }));
