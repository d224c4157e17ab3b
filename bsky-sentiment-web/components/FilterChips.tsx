import { EVERYTHING, type Filter } from "@/lib/filter";
import { languageName } from "@/lib/languageName";
import { sentimentName } from "@/lib/sentiments";
import { topicName } from "@/lib/topics";

type Props = { filter: Filter; onFilter: (filter: Filter) => void };

/** What the posts are chosen by; a click lets go of it. */
export function FilterChips({ filter, onFilter }: Props) {
  const { sentiment, topic, lang } = filter;
  const names = {
    sentiment: sentiment && sentimentName(sentiment),
    topic: topic && topicName(topic),
    lang: lang && languageName(lang),
  };
  const chosen = Object.entries(names).filter(([, name]) => name);
  if (chosen.length === 0) return null;
  return (
    <ul aria-label="Filters" className="mt-2 flex flex-wrap gap-2">
      {chosen.map(([key, name]) => (
        <li key={key}>
          <button
            className="chip"
            data-testid={`chip-${key}`}
            onClick={() => onFilter({ ...filter, [key]: null })}
            type="button"
          >
            <span className="sr-only">Remove the filter</span>
            <span suppressHydrationWarning>{name}</span>
            <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
      {chosen.length > 1 && (
        <li>
          <button className="chip" onClick={() => onFilter(EVERYTHING)} type="button">
            Clear all
          </button>
        </li>
      )}
    </ul>
  );
}
