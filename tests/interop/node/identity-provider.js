// An identity provider that signs in whoever types a name. It prints its port, and takes the
// address to which it sends people back from a line of stdin.
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address();
console.log(port);
const [returnUrl] = await once(createInterface(process.stdin), "line");

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "mailsink", client_secret: "a long secret", redirect_uris: [returnUrl] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== "eve", groups: ["testers"] }),
  }),
});
server.on("request", provider.callback());
console.log("ready");
