import { memo } from "react";
import { formatProbability, shortAuthor } from "@/lib/format";
import { sentimentName } from "@/lib/sentiments";
import { topicName } from "@/lib/topics";
import type { Post } from "@/lib/wire";
import { PostTime } from "./PostTime";
import { ShareBar } from "./ShareBar";

/** One post. Its text is only ever a text node; its link was built from a checked URI on the server. */
export const PostCard = memo(function PostCard({ post }: { post: Post }) {
  return (
    <article className="post -mx-2 rounded-lg px-2 py-4" data-testid="post" data-uri={post.uri}>
      <div className="flex items-baseline gap-x-3 text-sm text-muted">
        <bdi className="min-w-0 truncate" title={post.author}>
          {shortAuthor(post.author)}
        </bdi>
        <PostTime time={post.time} />
        {post.link && (
          <a
            className="ml-auto shrink-0 underline decoration-line underline-offset-4 hover:decoration-current"
            href={post.link}
            referrerPolicy="no-referrer"
            rel="noopener noreferrer"
            target="_blank"
          >
            Open<span className="sr-only"> this post on Bluesky, in a new tab</span>
          </a>
        )}
      </div>
      <p className="post-text mt-1 max-w-[70ch]" data-testid="post-text" dir="auto" lang={post.langs[0]}>
        {post.text}
        {post.truncated && "…"}
      </p>
      <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
        <SentimentMark sentiment={post.sentiment} />
        {post.topics.map((topic) => (
          <span
            className="flex items-center gap-1.5 text-muted"
            data-testid="post-topic"
            data-topic={topic}
            key={topic}
          >
            <span aria-hidden="true" className="topic-dot size-2 rounded-full" />
            {topicName(topic)}
          </span>
        ))}
      </div>
    </article>
  );
});

function SentimentMark({ sentiment }: { sentiment: Post["sentiment"] }) {
  if (!sentiment) {
    return (
      <span className="text-muted" data-testid="post-sentiment">
        No sentiment
      </span>
    );
  }
  const { label, score, probabilities } = sentiment;
  return (
    <span className="flex items-center gap-2">
      {probabilities && (
        <ShareBar
          className="h-2 max-w-14 min-w-14 overflow-hidden rounded-full"
          parts={{
            NEGATIVE: probabilities.negative,
            NEUTRAL: probabilities.neutral,
            POSITIVE: probabilities.positive,
          }}
        />
      )}
      <span className={`font-medium ink-${label}`} data-label={label} data-testid="post-sentiment">
        {sentimentName(label)} {formatProbability(score)}
      </span>
    </span>
  );
}
