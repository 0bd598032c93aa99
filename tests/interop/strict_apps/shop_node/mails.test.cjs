// A shop's own tests of its mails: each sends one by nodemailer, and looks at nothing else.
const test = require("node:test");
const nodemailer = require("nodemailer");

const transport = nodemailer.createTransport({
  host: process.env.SMTP_HOST,
  port: Number(process.env.SMTP_PORT),
  ignoreTLS: true,
  auth: { user: "shop+strict", pass: "any" },
});

/** Send a mail of the shop. @param {object} mail */
const send = (mail) => transport.sendMail({ from: "Shop <shop@acme.io>", to: "ann@customer.org", ...mail });

const icon = "https://cdn.acme.io/basket.png";

const mails = {
  good_welcome: { subject: "Welcome", text: "Hello Ann, welcome to Acme.\n" },
  good_reset: {
    subject: "Reset your password",
    text: "Choose a new password: https://shop.acme.io/reset?token=Zm9v\n",
    html: '<p><a href="https://shop.acme.io/reset?token=Zm9v">Choose a new password</a></p>',
  },
  good_picture: {
    subject: "Your ticket",
    text: "Show this at the door.\n",
    html: '<p>Show this:</p><img src="cid:code" alt="Code">',
    attachments: [{ filename: "code.png", content: Buffer.from("iVBORw0KGgo=", "base64"), cid: "code" }],
  },
  good_news: {
    subject: "News",
    text: "All the news of the week.\n",
    list: { unsubscribe: { url: "https://shop.acme.io/u/1", comment: "Leave" } },
  },
  // Somebody wrote a string where a template literal was meant.
  faulty_template: { subject: "Thank you", text: "Thank you, ${customer.name}!\n" },
  faulty_relative_link: { subject: "Reset", text: "Reset it.\n", html: '<p><a href="/reset">Reset it.</a></p>' },
  faulty_missing_picture: { subject: "Hi", text: "Hi.\n", html: '<p>Hi.</p><img src="cid:logo" alt="Acme">' },
  faulty_unsubscribe: {
    subject: "News",
    text: "All the news of the week.\n",
    headers: { "List-Unsubscribe": "https://shop.acme.io/u/1" },
  },
  faulty_icon_link: {
    subject: "Your basket",
    text: "https://shop.acme.io/basket\n",
    html: `<p>Your basket: <a href="https://shop.acme.io/basket"><img src="${icon}"></a></p>`,
  },
  faulty_huge_html: {
    subject: "Your year",
    text: "You bought a lot.\n",
    html: `<p>You bought a lot.</p>${'<p class="order">One more order.</p>\n'.repeat(3000)}`,
  },
};

for (const [name, mail] of Object.entries(mails)) {
  test(name, () => send(mail));
}
