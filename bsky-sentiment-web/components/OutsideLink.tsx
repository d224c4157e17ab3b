import type { ReactNode } from "react";

type Props = { href: string; className?: string; title?: string; children: ReactNode };

/** A link away from this page, which tells its target nothing and gives it neither a hold on us nor our good name. */
export function OutsideLink({ children, ...props }: Props) {
  return (
    <a {...props} referrerPolicy="no-referrer" rel="noopener noreferrer nofollow ugc" target="_blank">
      {children}
    </a>
  );
}
