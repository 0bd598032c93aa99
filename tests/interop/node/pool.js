// Sends one mail by nodemailer's pool: node pool.js TRANSPORT MAIL (both JSON, as its
// createTransport and sendMail take them); prints what became of it.
import nodemailer from "nodemailer";

const [transport, mail] = process.argv.slice(2).map((text) => JSON.parse(text));
const pool = nodemailer.createTransport({ ...transport, pool: true });
try {
    const sent = await pool.sendMail(mail);
    console.log(sent.response);
} catch (error) {
    console.log(`${error.code}: ${error.message}`);
}
pool.close();
