// openid-client logs in: argv is the issuer, then "discovery" or "manual".
import * as client from "openid-client";

const [issuer, mode] = process.argv.slice(2);
const ID = "moby-cli";
const NONE = client.None();

async function configuration() {
  if (mode === "discovery") {
    const options = { algorithm: "oauth2", execute: [client.allowInsecureRequests] };
    return client.discovery(new URL(issuer), ID, undefined, NONE, options);
  }
  const server = {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    device_authorization_endpoint: `${issuer}/oauth/device_authorization`,
  };
  const config = new client.Configuration(server, ID, undefined, NONE);
  client.allowInsecureRequests(config);
  return config;
}

const config = await configuration();
const started = await client.initiateDeviceAuthorization(config, { scope: "calls:read" });
console.log(JSON.stringify({ user_code: started.user_code }));
const token = await client.pollDeviceAuthorizationGrant(config, started);
console.log(JSON.stringify(token));
