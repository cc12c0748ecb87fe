// @octokit/auth-oauth-device logs in at the alias paths: argv is the base address.
import { createOAuthDeviceAuth } from "@octokit/auth-oauth-device";
import { request } from "@octokit/request";

const [baseUrl] = process.argv.slice(2);
const auth = createOAuthDeviceAuth({
  clientType: "oauth-app",
  clientId: "moby-cli",
  scopes: ["calls:read"],
  onVerification: ({ user_code }) => console.log(JSON.stringify({ user_code })),
  request: request.defaults({ baseUrl }),
});
const { token, scopes } = await auth({ type: "oauth" });
console.log(JSON.stringify({ access_token: token, scope: scopes.join(" ") }));
