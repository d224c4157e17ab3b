import type { ClientOptions } from "./client";
import type { Hub, Viewer } from "./hub";
import type { Refusal } from "./seats";
import type { Peer } from "./sockets";

/** How long a browser waits before it connects again. */
const RETRY_HINT = "retry: 2000\n\n";

/**
 * The body of one event stream for a viewer, or why there is none.
 *
 * Nothing is written before the browser has taken what was written last, so a slow one fills no memory here.
 */
export function eventStream(
  hub: Hub,
  { address, cut }: Peer,
  options: ClientOptions,
  aborted: AbortSignal,
): ReadableStream<Uint8Array> | Refusal {
  const utf8 = new TextEncoder();
  let wake: () => void = () => {};
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  const end = () => {
    controller?.close();
    controller = null;
    wake();
  };
  const viewer = hub.open(address, options, { wake: () => wake(), end, cut });
  if (typeof viewer === "string") return viewer;
  const leave = () => {
    hub.leave(viewer);
    controller = null;
    wake();
  };
  aborted.addEventListener("abort", leave, { once: true });

  return new ReadableStream<Uint8Array>({
    start(opened) {
      controller = opened;
      opened.enqueue(utf8.encode(RETRY_HINT));
    },
    async pull() {
      viewer.busySince = null;
      let frames = viewer.client.take(Date.now());
      while (!frames && controller) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        if (controller) frames = viewer.client.take(Date.now());
      }
      markBusy(viewer);
      if (frames) controller?.enqueue(utf8.encode(frames));
    },
    cancel: leave,
  });
}

/** From here until the next `pull` it is the browser's turn to read. */
function markBusy(viewer: Viewer): void {
  viewer.busySince = Date.now();
}
