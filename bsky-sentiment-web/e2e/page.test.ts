import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findNatsServer } from "@/test/broker";
import { built } from "@/test/builtServer";
import { account, deletion, sentiment, topics } from "@/test/enriched";
import { findChromium, launch } from "./chromium";
import { facet, HOSTILE } from "./hostile";
import { Site } from "./site";
import { accessibilityFaults, type Complaints, overflow, texts, visit } from "./visit";

const chromium = findChromium();
const natsServer = findNatsServer();
if (!chromium) console.warn("No Chromium on PATH: the tests in a real browser are skipped.");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Generous: it only bounds how long a failure takes. */
const PATIENCE = { timeout: 60_000, interval: 50 };
/** As generous, for a whole test on a machine that has much else to do (ms). */
const SLOW = 180_000;

describe.skipIf(!built || !chromium || !natsServer)("the page in a browser", { timeout: SLOW }, () => {
  let site: Site;
  let browser: Browser;
  let complaints: Complaints;

  beforeAll(async () => {
    complaints = [];
    site = await Site.withBroker(natsServer ?? "");
    await Promise.all([
      site.open(),
      launch(chromium ?? "").then((launched) => {
        browser = launched;
      }),
    ]);
  }, SLOW);

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    expect(complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** A visit to a page that follows the stream: what is published from now on reaches it as news. */
  async function open(query = "", options: BrowserContextOptions = {}): Promise<Page> {
    const page = await visit(browser, `${site.origin}/${query}`, complaints, options);
    await page.mouse.move(1, 1);
    return page;
  }

  const post = (page: Page, number: number) => page.locator(`[data-uri$="/3k${number}"]`);
  const shown = (page: Page, count: number) =>
    page
      .getByTestId("post")
      .nth(count - 1)
      .waitFor();
  const waiting = (page: Page, words: string) =>
    vi.waitFor(async () => {
      expect(await page.getByTestId("new-posts").textContent({ timeout: 1_000 })).toBe(words);
    }, PATIENCE);

  it("shows a post as it arrives, with its author, links, mood and topics", async () => {
    const page = await open();
    const text = "Grüße an @alice und #Musik auf example.org/lied";
    const facets = [
      facet(text, "@alice", "mention", "did:plc:alice"),
      facet(text, "#Musik", "tag", "Musik"),
      facet(text, "example.org/lied", "link", "https://example.org/lied"),
    ];
    const [number = 0] = await site.publish({ text, facets, handle: "bob.example.org", lang: "de" });
    await post(page, number).waitFor();
    const card = post(page, number);
    expect(await card.getByTestId("post-text").textContent()).toBe(text);
    const links = await card
      .locator("a")
      .evaluateAll((all) =>
        all.map((a) => [a.getAttribute("href"), a.getAttribute("rel"), a.getAttribute("target")]),
      );
    const rel = "noopener noreferrer nofollow ugc";
    const did = `did%3Aplc%3Aauthor${number}`;
    expect(links).toEqual([
      [`https://bsky.app/profile/${did}`, rel, "_blank"],
      [`https://bsky.app/profile/${did}/post/3k${number}`, rel, "_blank"],
      ["https://bsky.app/profile/did%3Aplc%3Aalice", rel, "_blank"],
      ["https://bsky.app/hashtag/Musik", rel, "_blank"],
      ["https://example.org/lied", rel, "_blank"],
    ]);
    expect(await card.textContent()).toContain("@bob.example.org");
    expect(await card.textContent()).toContain("Negative 1 %, Neutral 7 %, Positive 92 %");
    expect(await card.getByTestId("post-time").getAttribute("datetime")).toMatch(/^20.*Z$/);
    expect(await card.getByTestId("post-topic").textContent()).toBe("Music");
  });

  it("shows what the address asks for, and the address says what a click has chosen", async () => {
    await site.publish(
      { text: "sad sport", ...sentiment("NEGATIVE"), ...topics("sports"), lang: "en" },
      { text: "glad sport", ...topics("sports"), lang: "fr" },
      { text: "glad music", lang: "fr" },
    );
    const page = await open("?sentiment=positive&topic=sports&lang=fr");
    await vi.waitFor(async () => expect(await texts(page)).toEqual(["glad sport"]), PATIENCE);
    await page.getByTestId("chip-topic").click();
    await vi.waitFor(async () => expect(await texts(page)).toEqual(["glad music", "glad sport"]), PATIENCE);
    expect(new URL(page.url()).search).toBe("?sentiment=POSITIVE&lang=fr");
    await site.publish(
      { text: "sad music", ...sentiment("NEGATIVE"), lang: "fr" },
      { text: "glad too", lang: "fr" },
    );
    await page.getByText("glad too").waitFor();
    expect(await texts(page)).toEqual(["glad too", "glad music", "glad sport"]);
    await page.goBack();
    await vi.waitFor(async () => expect(await texts(page)).toEqual(["glad sport"]), PATIENCE);
  });

  it("shows the posts behind a figure of topic and sentiment, and all again when it is chosen once more", async () => {
    await site.publish(
      { text: "sad match", ...sentiment("NEGATIVE"), ...topics("sports"), lang: "ht" },
      { text: "glad match", ...topics("sports"), lang: "ht" },
    );
    const page = await open("?lang=ht");
    await shown(page, 2);
    const figure = page.getByTestId("heat-sports-NEGATIVE");
    await figure.press("Enter");
    await vi.waitFor(async () => expect(await texts(page)).toEqual(["sad match"]), PATIENCE);
    expect(await figure.getAttribute("aria-pressed")).toBe("true");
    expect(new URL(page.url()).search).toBe("?sentiment=NEGATIVE&topic=sports&lang=ht");
    await figure.click();
    await shown(page, 2);
  });

  it("stands still while paused, loses nothing, and shows what waited when asked", async () => {
    const page = await open("?lang=pa");
    await page.getByTestId("pause").click();
    await site.publish(...["one", "two", "three"].map((text) => ({ text, lang: "pa" })));
    await waiting(page, "3 new posts");
    expect(await texts(page)).toEqual([]);
    await page.getByTestId("new-posts").click();
    await shown(page, 3);
    expect(await texts(page)).toEqual(["three", "two", "one"]);
    await site.publish({ text: "four", lang: "pa" });
    await waiting(page, "1 new post");
    await page.getByTestId("pause").click();
    await shown(page, 4);
    expect(await texts(page)).toEqual(["four", "three", "two", "one"]);
  });

  it("moves nothing under a pointer, nor for who has scrolled down", async () => {
    const numbers = await site.publish(...Array.from({ length: 30 }, () => ({ lang: "sc" })));
    const page = await open("?lang=sc");
    await shown(page, 30);
    const read = post(page, numbers[10] ?? 0);
    const place = async () => (await read.boundingBox())?.y;

    await read.scrollIntoViewIfNeeded();
    await page.evaluate(() => window.scrollBy(0, 300));
    await page.mouse.move(1, 1);
    // What comes into sight takes its real height, and the browser makes up for it some frames later.
    const before = await vi.waitFor(async () => {
      const once = await place();
      await page.waitForTimeout(200);
      expect(await place()).toBe(once);
      return once;
    }, PATIENCE);
    await site.publish({ lang: "sc" }, { lang: "sc" });
    await waiting(page, "2 new posts");
    expect(await place()).toBe(before);

    await page.getByTestId("new-posts").click();
    await shown(page, 32);
    await page.getByTestId("post").nth(1).hover();
    await site.publish({ lang: "sc", text: "behind the pointer" });
    await waiting(page, "1 new post");
    await page.mouse.move(1, 1);
    await page.getByText("behind the pointer").waitFor();
  });

  it("finds words whatever their case and accents, and marks them", async () => {
    await site.publish({ text: "Ein CAFÉ in Köln", lang: "ba" }, { text: "Tee in Bonn", lang: "ba" });
    const page = await open("?lang=ba");
    await shown(page, 2);
    await page.getByTestId("search").fill("cafe koln");
    await vi.waitFor(async () => expect(await texts(page)).toEqual(["Ein CAFÉ in Köln"]), PATIENCE);
    expect(await page.locator("mark").allTextContents()).toEqual(["CAFÉ", "Köln"]);
    expect(await page.getByRole("status").allTextContents()).toContain("1 of 2 posts here");
    await vi.waitFor(() => expect(new URL(page.url()).searchParams.get("q")).toBe("cafe koln"), PATIENCE);
    await page.reload();
    expect(await texts(page)).toEqual(["Ein CAFÉ in Köln"]);
    await page.getByTestId("search").press("Escape");
    await shown(page, 2);
  });

  it("hides adult posts until asked, and remembers the choice", async () => {
    await site.publish({ text: "private parts", labels: ["porn"], lang: "ad" });
    const page = await open("?lang=ad");
    await page.getByTestId("adult").waitFor();
    expect(await page.content()).not.toMatch(/<[^>]*>private parts/);
    await page.getByTestId("adult").getByRole("button").click();
    expect(await texts(page)).toEqual(["private parts"]);
    await page.reload();
    await page.getByTestId("adult").waitFor();
    await page.getByTestId("show-adult").check();
    await page.reload();
    await vi.waitFor(async () => expect(await texts(page)).toEqual(["private parts"]), PATIENCE);
  });

  it("takes away what is deleted, also what waits", async () => {
    const numbers = await site.publish({ lang: "de" }, { lang: "de" }, { lang: "de" });
    const page = await open("?lang=de");
    await post(page, numbers[2] ?? 0).waitFor();
    await page.getByTestId("pause").click();
    const [held = 0] = await site.publish({ lang: "de" }, { lang: "de" });
    await waiting(page, "2 new posts");
    await site.tell("delete", deletion(numbers[0] ?? 0));
    await site.tell("account", account(numbers[1] ?? 0));
    await site.tell("delete", deletion(held));
    await post(page, numbers[0] ?? 0).waitFor({ state: "detached" });
    await post(page, numbers[1] ?? 0).waitFor({ state: "detached" });
    await waiting(page, "1 new post");
    expect(await post(page, numbers[2] ?? 0).count()).toBe(1);
  });

  it("saves the view as CSV and as JSON", async () => {
    await site.publish({ text: '=1+1 "quoted", twice', lang: "eo" });
    const page = await open("?lang=eo");
    await shown(page, 1);
    const save = async (format: string) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByTestId(`export-${format}`).click(),
      ]);
      expect(download.suggestedFilename()).toMatch(new RegExp(`^bluesky-posts-.*\\.${format}$`));
      return readFileSync((await download.path()) ?? "", "utf8");
    };
    expect(await save("csv")).toContain(`"'=1+1 ""quoted"", twice"`);
    const { view, posts } = JSON.parse(await save("json"));
    expect([view.filter, posts.length, posts[0].text]).toEqual(["lang=eo", 1, '=1+1 "quoted", twice']);
  });

  it("can be used with the keyboard alone", async () => {
    await site.publish({ text: "below", lang: "ky" }, { text: "above", lang: "ky" });
    const page = await open("?lang=ky");
    await shown(page, 2);
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the posts");
    await page.keyboard.press("j");
    expect(await focused(), "keys act in the posts alone").toBe("Skip to the posts");
    await page.keyboard.press("Enter");
    await page.keyboard.press("j");
    expect(await focused()).toContain("above");
    await page.keyboard.press("j");
    expect(await focused()).toContain("below");
    await page.keyboard.press("k");
    expect(await focused()).toContain("above");

    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await page.keyboard.press("p");
    await page.keyboard.press("Escape");
    await site.publish({ text: "newest", lang: "ky" });
    await waiting(page, "1 new post");
    await page.keyboard.press("n");
    await shown(page, 3);
    await page.keyboard.press("/");
    await page.keyboard.type("jp below");
    await vi.waitFor(async () => expect(await texts(page)).toEqual([]), PATIENCE);
    await page.keyboard.press("Escape");
    await shown(page, 3);
  });

  it.each(["light", "dark"] as const)(
    "is accessible in the %s theme, wide and narrow",
    async (colorScheme) => {
      await site.publish({ text: "labelled", labels: ["nudity"] }, { sentiment: null }, {});
      for (const width of [1280, 390]) {
        const page = await open("?lang=en", {
          colorScheme,
          viewport: { width, height: 900 },
          reducedMotion: "reduce",
        });
        await page.getByTestId("search").fill("post");
        expect(await accessibilityFaults(page, axe)).toEqual([]);
        expect(await overflow(page)).toBe(0);
        await page.close();
      }
    },
  );

  it("shows hostile posts as text: no element, no request, no word of theirs outside their box", async () => {
    await site.publish(...HOSTILE.map((post) => ({ ...post, lang: "xx" })));
    for (const width of [1280, 390]) {
      const page = await open("?lang=xx", { viewport: { width, height: 900 } });
      await page.getByTestId("show-adult").check();
      await shown(page, HOSTILE.length);
      const found = await page.evaluate(() => {
        const boxes = [...document.querySelectorAll<HTMLElement>("[data-testid=post]")];
        return {
          elements: [
            ...new Set(boxes.flatMap((box) => [...box.querySelectorAll("*")].map((e) => e.localName))),
          ],
          links: boxes.flatMap((box) => [...box.querySelectorAll("a")].map((a) => a.protocol)),
          tallest: Math.max(...boxes.map((box) => box.getBoundingClientRect().height)),
          widest: Math.max(...boxes.map((box) => box.getBoundingClientRect().right)) - window.innerWidth,
        };
      });
      expect(found.elements.toSorted()).toEqual(
        ["a", "bdi", "button", "div", "p", "rect", "span", "svg", "time"].toSorted(),
      );
      expect(new Set(found.links)).toEqual(new Set(["https:"]));
      expect(found.tallest).toBeLessThan(500);
      expect(found.widest).toBeLessThanOrEqual(0);
      expect(await overflow(page)).toBe(0);
      expect(await page.locator("a[href*='evil']").allTextContents()).toEqual(["quote"]);
    }
  });

  it("goes on without a gap or a repeat after the broker, and then the server, has been away", async () => {
    const page = await open("?lang=rs");
    const numbered = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, place) => ({ text: `rs ${from + place}`, lang: "rs" }));
    const all = (to: number) =>
      numbered(1, to)
        .map((post) => post.text)
        .toReversed();
    await site.publish(...numbered(1, 3));
    await shown(page, 3);

    await site.killBroker();
    await page.locator("[data-testid=state]", { hasText: /disconnected/i }).waitFor();
    await site.startBroker();
    await site.publish(...numbered(4, 6));
    await vi.waitFor(async () => expect(await texts(page)).toEqual(all(6)), PATIENCE);

    await site.stopServer();
    await page.locator("[data-testid=state]", { hasText: /disconnected/i }).waitFor();
    await site.publish(...numbered(7, 9));
    await site.startServer();
    await vi.waitFor(async () => expect(await texts(page)).toEqual(all(9)), PATIENCE);
    await site.publish(...numbered(10, 10));
    await vi.waitFor(async () => expect(await texts(page)).toEqual(all(10)), PATIENCE);
  });
});
