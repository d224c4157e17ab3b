import { beforeEach, describe, expect, it } from "vitest";
import { account, deletion, enriched, sentiment } from "@/test/enriched";
import type { Event } from "@/test/events";
import { CAPACITY, FedHub, names, shownBy, texts } from "@/test/fedHub";

let fed: FedHub;

beforeEach(() => {
  fed = new FedHub();
});

describe("a viewer", () => {
  it("is told of a deletion, an edit and an account's end in their order, each under its own id", () => {
    fed.readBack(3);
    const viewer = fed.open();
    const events = fed.takeAll(viewer);
    fed.receive(4, deletion(2));
    fed.receive(5, enriched(3, { kind: "update", text: "edited" }));
    fed.receive(6, account(1));
    const changes = fed.takeAll(viewer);
    expect(changes.map(({ id, event }) => [id, event])).toEqual([
      ["life1-4", "remove"],
      ["life1-5", "edit"],
      ["life1-6", "remove"],
    ]);
    expect(shownBy([...events, ...changes])).toEqual(["edited"]);
    expect(fed.takeAll(viewer)).toEqual([]);
  });

  it("that comes back is told what was removed and edited meanwhile, wherever it was cut off", () => {
    const events = [
      ...[1, 2, 3, 4].map((number) => enriched(number)),
      deletion(2),
      enriched(3, { kind: "update", text: "edited" }),
      account(4),
      enriched(8),
    ];
    fed.readBack(0);
    const first = fed.open();
    let seen = fed.takeAll(first);
    const cutOff: Event[][] = [];
    events.forEach((message, place) => {
      fed.receive(place + 1, message);
      seen = [...seen, ...fed.takeAll(first)];
      cutOff.push(seen);
    });
    cutOff.forEach((had, place) => {
      const missed = fed.takeAll(fed.open({ lastEventId: `life1-${place + 1}` }));
      expect(missed.some((e) => e.event === "snapshot")).toBe(false);
      expect(shownBy([...had, ...missed])).toEqual(["post 8", "edited", "post 1"]);
      expect(JSON.stringify(missed)).not.toMatch(/post [234]"/);
    });
  });

  it("starts anew with a snapshot where removals after its last event are no longer known", () => {
    fed.readBack(3);
    for (let number = 1; number <= CAPACITY; number++) fed.receive(3 + number, deletion(1_000 + number));
    expect(fed.hub.stats().window.total).toBe(3);
    expect(fed.takeAll(fed.open({ lastEventId: "life1-2" }))[0]?.event).toBe("snapshot");
    expect(fed.takeAll(fed.open({ lastEventId: "life1-3" })).map((e) => e.event)).not.toContain("snapshot");
  });

  it("loses a post that an edit takes out of its filter, and keeps one that stays in it", () => {
    fed.readBack(2);
    const viewer = fed.open({ filter: { sentiment: "POSITIVE" } });
    const events = fed.takeAll(viewer);
    fed.receive(3, enriched(1, { kind: "update", text: "gloomy", ...sentiment("NEGATIVE") }));
    fed.receive(4, enriched(2, { kind: "update", text: "still glad" }));
    const changes = fed.takeAll(viewer);
    expect(JSON.stringify(changes)).not.toContain("gloomy");
    expect(shownBy([...events, ...changes])).toEqual(["still glad"]);
  });

  it("with a limited rate misses no removal and no edit, however many posts it cannot have", () => {
    fed.readBack(3);
    const viewer = fed.open({ maxRate: 1 });
    const events = fed.takeAll(viewer);
    fed.publish(4, 100);
    fed.receive(104, deletion(2));
    fed.receive(105, enriched(3, { kind: "update", text: "edited" }));
    fed.publish(106, 100);
    const changes = fed.takeAll(viewer);
    expect(texts(changes)).toEqual(names(186, 205));
    expect(viewer.client.skipped).toBe(180);
    expect(shownBy([...events, ...changes]).slice(-2)).toEqual(["edited", "post 1"]);
  });
});
