"use client";

import { useState } from "react";

/** Whether a pointer or the focus is somewhere, and the properties to give to that place. */
export function useHeld() {
  const [held, setHeld] = useState(false);
  return {
    held,
    holding: {
      onBlur: () => setHeld(false),
      onFocus: () => setHeld(true),
      onPointerEnter: () => setHeld(true),
      onPointerLeave: () => setHeld(false),
    },
  };
}
