import type { Filter } from "@/lib/filter";
import { formatCount } from "@/lib/format";
import type { Post } from "@/lib/wire";
import { PostCard } from "./PostCard";

/** Posts on the page at a time: some screens, and few enough that a phone draws them lightly. */
export const POSTS_A_PAGE = 100;

type Props = {
  posts: readonly Post[];
  /** How many of them, from the top, have just come. */
  fresh: number;
  page: number;
  words: readonly string[];
  showAdult: boolean;
  filter: Filter;
  onFilter: (filter: Filter) => void;
  onPage: (page: number) => void;
};

/** One page of the posts, newest first, and the way to its neighbours. */
export function PostList({ posts, fresh, page, onPage, ...card }: Props) {
  const first = page * POSTS_A_PAGE;
  const older = posts.length - first - POSTS_A_PAGE;
  return (
    <>
      {page > 0 && (
        <PageButton onClick={() => onPage(page - 1)}>Newer posts ({formatCount(first)})</PageButton>
      )}
      <ul className="divide-y divide-line">
        {posts.slice(first, first + POSTS_A_PAGE).map((post, place) => (
          <li key={post.uri}>
            <PostCard {...card} fresh={first + place < fresh} post={post} />
          </li>
        ))}
      </ul>
      {older > 0 && (
        <PageButton onClick={() => onPage(page + 1)}>Older posts ({formatCount(older)})</PageButton>
      )}
    </>
  );
}

function PageButton({ onClick, children }: { onClick: () => void; children: React.ReactNode }) {
  return (
    <button className="button my-4 w-full" onClick={onClick} type="button">
      {children}
    </button>
  );
}
