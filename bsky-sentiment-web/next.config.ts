import { join } from "node:path";
import type { NextConfig } from "next";

/** Sent with every answer. A page's Content-Security-Policy carries a nonce and comes from proxy.ts. */
const securityHeaders = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "no-referrer" },
  { key: "Permissions-Policy", value: "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
  { key: "Cross-Origin-Opener-Policy", value: "same-origin" },
  { key: "Cross-Origin-Resource-Policy", value: "same-origin" },
  { key: "Strict-Transport-Security", value: "max-age=31536000" },
];

/** What is no page may do nothing, should a browser be made to open it as one. */
const policyOfData = { key: "Content-Security-Policy", value: "default-src 'none'; frame-ancestors 'none'" };

const config: NextConfig = {
  output: "standalone",
  // Without it Next looks for a lock file in the parent folders and may trace from there.
  outputFileTracingRoot: join(import.meta.dirname),
  turbopack: { root: join(import.meta.dirname) },
  // No picture is resized here, so the image library stays out of the server.
  images: { unoptimized: true },
  outputFileTracingExcludes: { "*": ["node_modules/@img/**", "node_modules/sharp/**"] },
  serverExternalPackages: ["@nats-io/transport-node", "@nats-io/jetstream", "prom-client"],
  poweredByHeader: false,
  reactStrictMode: true,
  headers: async () => [
    { source: "/:path*", headers: securityHeaders },
    { source: "/:data(api/.*|metrics|_next/static/.*)", headers: [policyOfData] }, // where proxy.ts has no part
  ],
};

export default config;
