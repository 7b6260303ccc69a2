import { h } from 'preact';

type IconNode = readonly (readonly [
  tag: string,
  attributes: { readonly [name: string]: string | number | undefined },
])[];

/** A lucide icon. Its accessible name is on the control around it. */
export function Icon({ node, size = 22 }: { readonly node: IconNode; readonly size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {node.map(([tag, attributes]) => h(tag, attributes))}
    </svg>
  );
}
