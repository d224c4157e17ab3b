type Level = "info" | "warning" | "error";

/** One JSON line. Only our own words and names of streams belong here, never the text of a post. */
export function log(level: Level, event: string, details: Record<string, string | number> = {}): void {
  const line = JSON.stringify({ timestamp: new Date().toISOString(), level, event, ...details });
  if (level === "info") console.log(line);
  else console.error(line);
}

/** What went wrong, in one line. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
