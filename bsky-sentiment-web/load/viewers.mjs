// Opens many event streams from one process of its own, and tells its parent what came: `node viewers.mjs URL HOW_MANY`.
import { get, globalAgent } from "node:http";

const [url, howMany] = [process.argv[2], Number(process.argv[3])];
/** So many open at a time: a listening socket has a short queue. */
const AT_ONCE = 50;

globalAgent.maxSockets = Number.POSITIVE_INFINITY;

const told = { snapshots: 0, posts: 0, gaps: 0, repeats: 0, ended: 0, broken: 0 };
/** How many posts were how many milliseconds old when they came. */
const ages = new Map();

/** One viewer: resolves with its first snapshot. */
function view() {
  return new Promise((opened, failed) => {
    let [rest, last] = ["", null];
    const request = get(url, (answer) => {
      if (answer.statusCode !== 200) failed(new Error(`answered with ${answer.statusCode}`));
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => {
        const frames = (rest + chunk).split("\n\n");
        rest = frames.pop();
        const now = Date.now();
        for (const frame of frames) last = read(frame, last, now, opened);
      });
      answer.on("end", () => told.ended++);
      answer.on("error", () => told.broken++);
    });
    request.on("error", failed);
  });
}

/** The sequence of the last post after this frame. Ids end in a sequence that no post skips. */
function read(frame, last, now, opened) {
  const [id, event] = frame.split("\n", 2);
  const sequence = Number(id.slice(id.lastIndexOf("-") + 1));
  if (event === "event: snapshot") {
    told.snapshots++;
    opened();
    return sequence;
  }
  if (event !== "event: post") return last;
  told.posts++;
  if (sequence > last + 1) told.gaps++;
  if (sequence <= last) told.repeats++;
  const age = now - Number(/"text":"(\d+)"/.exec(frame)[1]);
  ages.set(age, (ages.get(age) ?? 0) + 1);
  return sequence;
}

/** The age, in milliseconds, that this share of the posts did not exceed. */
function percentile(share) {
  let left = share * told.posts;
  for (const [age, count] of [...ages].sort(([one], [other]) => one - other)) {
    left -= count;
    if (left <= 0) return age;
  }
  return null;
}

process.on("message", () => process.send({ ...told, p50: percentile(0.5), p99: percentile(0.99) }));
process.on("disconnect", () => process.exit());
for (let open = 0; open < howMany; open += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, howMany - open) }, view));
}
process.send("open");
