// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever JSON was sent
export type Event = { id: string | undefined; event: string; data: any };

/** The events of a piece of a text/event-stream; comments and hints are left out. */
export function parseEvents(text: string): Event[] {
  return text
    .split("\n\n")
    .map((block) => Object.fromEntries(block.split("\n").map((line) => splitField(line))))
    .filter((fields) => fields.event)
    .map((fields) => ({ id: fields.id, event: fields.event ?? "", data: JSON.parse(fields.data ?? "null") }));
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(": ");
  return [line.slice(0, colon), line.slice(colon + 2)];
}
