import { memo } from "react";
import type { Filter } from "@/lib/filter";
import { formatCount, formatShare } from "@/lib/format";
import { isLanguage } from "@/lib/languages";
import type { Figures } from "@/lib/wire";
import { LanguageName } from "./LanguageName";

type Props = { figures: Figures; filter: Filter; onFilter: (filter: Filter) => void };

/** What languages the posts are in; a click shows only those posts. */
export const Languages = memo(function Languages({ figures, filter, onFilter }: Props) {
  const largest = Math.max(1, ...figures.languages.map(({ total }) => total));
  return (
    <section aria-labelledby="languages-heading">
      <h2 className="eyebrow" id="languages-heading">
        Languages
      </h2>
      <ul className="mt-3">
        {figures.languages.map(({ lang, total }) => (
          <li key={lang}>
            <button
              aria-pressed={filter.lang === lang}
              className="choice language-row"
              data-count={total}
              data-testid={`language-${lang}`}
              disabled={!isLanguage(lang)}
              onClick={() => onFilter({ ...filter, lang: filter.lang === lang ? null : lang })}
              type="button"
            >
              <span className="truncate">
                <LanguageName lang={lang} />
              </span>
              <svg aria-hidden="true" className="block h-2 w-full">
                <rect className="bar fill-plain" height="100%" rx="2" width={`${(100 * total) / largest}%`} />
              </svg>
              <span className="text-right" title={`${formatCount(total)} posts`}>
                {formatShare(total, figures.total)}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {figures.languages.length === 0 && <p className="mt-3 text-sm text-muted">No posts in this time.</p>}
    </section>
  );
});
