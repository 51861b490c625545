// A table wider than the page: it scrolls within itself, by keyboard too.
import type { ComponentChildren } from 'preact';
import './zones.css';

export function TableScroll({ label, tall, children }: { label: string; tall?: boolean; children: ComponentChildren }) {
  const kind = tall ? 'table-scroll wide-table use-table' : 'table-scroll wide-table';
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <section class={kind} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
