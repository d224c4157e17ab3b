import { describe, expect, it } from "vitest";
import { Seats } from "./seats";

describe("the seats", () => {
  it("are so many for an address and so many for all, and free again when one leaves", () => {
    const seats = new Seats(3, 2);
    expect(["a", "a", "a", "b", "c"].map((address) => seats.take(address))).toEqual([
      null,
      null,
      "address",
      null,
      "process",
    ]);
    seats.free("a");
    expect([seats.take("b"), seats.take("a"), seats.taken]).toEqual([null, "process", 3]);
  });
});
