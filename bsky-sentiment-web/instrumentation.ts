/** Runs once when the server process starts, before the first request. */
export async function register(): Promise<void> {
  // The condition must be this one: the bundler knows it and leaves Node's parts out of the edge bundle.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { startDashboard } = await import("./server/dashboard");
    startDashboard();
  }
}
