import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": import.meta.dirname } },
  test: { include: ["{lib,server,test,e2e,load}/**/*.test.ts"], environment: "node" },
});
