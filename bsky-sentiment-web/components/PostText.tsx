import { Fragment } from "react";
import { facetLink, undisclosedHost } from "@/lib/links";
import { cutText, type Run } from "@/lib/richText";
import { findWords } from "@/lib/search";
import type { Post } from "@/lib/wire";
import { OutsideLink } from "./OutsideLink";

/** What somebody wrote: text nodes, links where its facets are sound, and marks where a search found something. */
export function PostText({ post, words }: { post: Post; words: readonly string[] }) {
  const runs = cutText(post.text, post.facets, findWords(post, words));
  return (
    <p
      className="post-text max-w-[70ch]"
      data-testid="post-text"
      dir="auto"
      lang={post.lang ?? post.langs[0]}
    >
      {inOrder(runs, (run) => (
        <RunOfText run={run} />
      ))}
      {post.truncated && "…"}
    </p>
  );
}

function RunOfText({ run: { facet, pieces } }: { run: Run }) {
  const link = facet && facetLink(facet);
  const text = inOrder(pieces, (piece) => (piece.marked ? <mark>{piece.text}</mark> : piece.text));
  if (!link) return text;
  const written = pieces.map((piece) => piece.text).join("");
  const host = facet.kind === "link" ? undisclosedHost(link, written) : null;
  return (
    <>
      <OutsideLink className="post-link" href={link}>
        {text}
      </OutsideLink>
      {host && <bdi className="text-muted"> ({host})</bdi>}
    </>
  );
}

/** Pieces of one text never move within it, so their places tell them apart. */
function inOrder<T>(items: readonly T[], draw: (item: T) => React.ReactNode) {
  // biome-ignore lint/suspicious/noArrayIndexKey: the place is what a piece of a text is known by
  return items.map((item, place) => <Fragment key={place}>{draw(item)}</Fragment>);
}
