// Sends a mail from each of these addresses by nodemailer, and prints what came of each:
// node on-demand.js TRANSPORT MAIL ADDRESSES (all JSON).
import nodemailer from "nodemailer";

const [transport, mail, addresses] = process.argv.slice(2).map((text) => JSON.parse(text));

async function outcome(localAddress) {
  try {
    const sent = await nodemailer.createTransport({ ...transport, localAddress }).sendMail(mail);
    return { response: sent.response };
  } catch (error) {
    return { code: error.responseCode ?? null, error: error.code, said: error.message };
  }
}

const outcomes = {};
for (const each of addresses) outcomes[each] = await outcome(each);
console.log(JSON.stringify(outcomes));
