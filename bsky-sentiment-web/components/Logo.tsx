/** The scale as a mark: the same three bars as app/icon.svg. */
export function Logo() {
  return (
    <svg aria-hidden="true" className="size-6" viewBox="0 0 32 32">
      <rect className="fill-NEGATIVE" height="8" rx="2" width="7" x="3" y="12" />
      <rect className="fill-NEUTRAL" height="16" rx="2" width="7" x="12.5" y="8" />
      <rect className="fill-POSITIVE" height="26" rx="2" width="7" x="22" y="3" />
    </svg>
  );
}
