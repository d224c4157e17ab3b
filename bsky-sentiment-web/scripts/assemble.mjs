// `next build` leaves static files out of the standalone server, because a CDN could serve them. Here it serves them.
import { cpSync } from "node:fs";

cpSync(".next/static", ".next/standalone/.next/static", { recursive: true });
