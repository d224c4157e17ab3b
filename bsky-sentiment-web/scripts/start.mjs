// Starts the built server. PORT and HOSTNAME are read by the server itself.
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";

const server = new URL("../.next/standalone/server.js", import.meta.url);

if (!existsSync(fileURLToPath(server))) {
  console.error("No built server found. Run `npm run build` first.");
  process.exit(1);
}
// Shells and containers export HOSTNAME as the machine's own name. Taken as an address to listen on, it would
// close the loopback interface, so only a HOSTNAME that says something else counts.
if (process.env.HOSTNAME === hostname()) process.env.HOSTNAME = "0.0.0.0";

await import(server.href);
