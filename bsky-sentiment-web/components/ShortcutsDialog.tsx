import { type RefObject, useId } from "react";

const SHORTCUTS = [
  ["j", "next post"],
  ["k", "previous post"],
  ["o", "open the post on Bluesky"],
  ["p", "pause, and resume"],
  ["n", "show the new posts"],
  ["/", "search these posts"],
  ["Esc", "leave the posts or the search"],
  ["?", "this list"],
] as const;

/** The commands of single keys. A dialog of the browser's own: it keeps the focus, and Esc closes it. */
export function ShortcutsDialog({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const heading = useId();
  return (
    <dialog aria-labelledby={heading} className="shortcuts" ref={dialog}>
      <h3 className="font-semibold" id={heading}>
        Keys
      </h3>
      <p className="mt-1 text-sm text-muted">They work while the focus is in the posts.</p>
      <dl className="mt-4 grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2 text-sm">
        {SHORTCUTS.map(([key, effect]) => (
          <div className="contents" key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
      <form className="mt-6 text-right" method="dialog">
        <button className="button" type="submit">
          Close
        </button>
      </form>
    </dialog>
  );
}
