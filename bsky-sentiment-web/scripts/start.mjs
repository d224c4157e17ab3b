// Starts the built server, which reads PORT and HOSTNAME itself.
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";

const server = new URL("../.next/standalone/server.js", import.meta.url);
const port = Number(process.env.PORT || 3000);

function refuse(why) {
  console.error(why);
  process.exit(1);
}

/** Next.js answers a taken port with a stack trace; here it gets a sentence. */
function requireFree(port, host) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", ({ code }) =>
      refuse(`Cannot listen on ${host}, port ${port} (${code}). Set PORT and HOSTNAME.`),
    );
    probe.listen(port, host, () => probe.close(resolve));
  });
}

if (!existsSync(fileURLToPath(server))) refuse("No built server found. Run `npm run build` first.");
if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse("PORT must be a number from 0 to 65535.");
// Shells and containers export HOSTNAME as the machine's own name. Taken as an address to listen on, it would
// close the loopback interface, so only a HOSTNAME that says something else counts.
if (!process.env.HOSTNAME || process.env.HOSTNAME === hostname()) process.env.HOSTNAME = "0.0.0.0";
await requireFree(port, process.env.HOSTNAME);

await import(server.href);
