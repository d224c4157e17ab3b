import { memo, useId, useState } from "react";
import type { Filter } from "@/lib/filter";
import { formatProbability, shortAuthor } from "@/lib/format";
import { languageOf, UNKNOWN_LANGUAGE } from "@/lib/languages";
import { profileLink } from "@/lib/links";
import { topicName } from "@/lib/topics";
import type { Post } from "@/lib/wire";
import { LanguageName } from "./LanguageName";
import { OutsideLink } from "./OutsideLink";
import { PostText } from "./PostText";
import { PostTime } from "./PostTime";
import { SentimentMark } from "./SentimentMark";

type Props = {
  post: Post;
  /** True if it has just come, which is what the eye is led to. */
  fresh: boolean;
  words: readonly string[];
  showAdult: boolean;
  filter: Filter;
  onFilter: (filter: Filter) => void;
};

/** One post. Its text is only ever text nodes; its links were built from checked parts. */
export const PostCard = memo(function PostCard({ post, fresh, words, showAdult, filter, onFilter }: Props) {
  const [arriving] = useState(fresh);
  const [asked, setAsked] = useState(false);
  const author = useId();
  const hidden = post.adult && !showAdult && !asked;
  return (
    <article
      aria-labelledby={author}
      className={`post ${arriving ? "arriving" : ""}`}
      data-testid="post"
      data-uri={post.uri}
      tabIndex={-1}
    >
      <div className="flex items-baseline gap-x-2 text-sm text-muted">
        <span className="min-w-0 truncate" id={author}>
          <Author post={post} />
        </span>
        {post.time && <PostTime time={post.time} />}
        <Language filter={filter} onFilter={onFilter} post={post} />
        {post.link && (
          <OutsideLink className="post-open" href={post.link}>
            Open<span className="sr-only"> this post on Bluesky, in a new tab</span>
          </OutsideLink>
        )}
      </div>
      {hidden ? (
        <AdultNotice labels={post.labels} onShow={() => setAsked(true)} />
      ) : (
        <PostText post={post} words={words} />
      )}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        <SentimentMark post={post} />
        <Topics filter={filter} onFilter={onFilter} post={post} />
      </div>
    </article>
  );
});

function Author({ post: { author, handle } }: { post: Post }) {
  const link = profileLink(author);
  const name = <bdi>{handle ? `@${handle}` : shortAuthor(author)}</bdi>;
  if (!link) return name;
  return (
    <OutsideLink className="font-medium text-ink hover:underline" href={link} title={author}>
      {name}
    </OutsideLink>
  );
}

type Choosing = Pick<Props, "post" | "filter" | "onFilter">;

function Language({ post, filter, onFilter }: Choosing) {
  const lang = languageOf(post);
  if (lang === UNKNOWN_LANGUAGE) return <span className="ml-auto" />;
  const chosen = filter.lang === lang;
  return (
    <button
      aria-pressed={chosen}
      className="pill ml-auto shrink-0"
      data-testid="post-language"
      onClick={() => onFilter({ ...filter, lang: chosen ? null : lang })}
      type="button"
    >
      <LanguageName lang={lang} />
    </button>
  );
}

function Topics({ post, filter, onFilter }: Choosing) {
  return post.topics.map((topic, rank) => {
    const chosen = filter.topic === topic;
    const confidence = rank === 0 && post.topicConfidence !== null ? post.topicConfidence : null;
    return (
      <button
        aria-pressed={chosen}
        className="pill flex items-center gap-1.5"
        data-testid="post-topic"
        data-topic={topic}
        key={topic}
        onClick={() => onFilter({ ...filter, topic: chosen ? null : topic })}
        title={confidence === null ? undefined : formatProbability(confidence)}
        type="button"
      >
        <span aria-hidden="true" className="topic-dot size-2 rounded-full" />
        {topicName(topic)}
      </button>
    );
  });
}

function AdultNotice({ labels, onShow }: { labels: readonly string[]; onShow: () => void }) {
  return (
    <p className="my-2 flex flex-wrap items-center gap-3 text-sm text-muted" data-testid="adult">
      <span>
        Hidden: its author labels it as <bdi>{labels.join(", ")}</bdi>.
      </span>
      <button className="button" onClick={onShow} type="button">
        Show
      </button>
    </p>
  );
}
