import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** What went wrong in pages that nobody would have seen: broken rules of the policy, errors, requests elsewhere. */
export type Complaints = string[];

/** Opens a page in a browser of its own, as somebody who comes for the first time, and writes down its complaints. */
export async function visit(
  browser: Browser,
  address: string,
  complaints: Complaints,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const { origin } = new URL(address);
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("blob:")) complaints.push(`request: ${url}`);
  });
  await page.exposeFunction("complain", (complaint: string) => complaints.push(complaint));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
      const { complain } = window as unknown as { complain: (complaint: string) => void };
      complain(`policy: ${effectiveDirective} ${blockedURI}`);
    });
  });
  await page.goto(address);
  return page;
}

/** The texts of the posts, as they stand on the page. */
export function texts(page: Page): Promise<string[]> {
  return page.getByTestId("post-text").allTextContents();
}

/** What axe-core finds against WCAG 2.2 AA and its own good practice, as lines for a reader. */
export async function accessibilityFaults(page: Page, axe: string): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Violation = { id: string; help: string; nodes: { html: string; failureSummary: string }[] };
    type Axe = { run: () => Promise<{ violations: Violation[] }> };
    const { violations } = await (window as unknown as { axe: Axe }).axe.run();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}: ${node.html} ${node.failureSummary}`),
    );
  });
}

/** How much wider than its window the page is (px). */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
