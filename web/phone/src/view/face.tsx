import { initials } from '@eyeline/app/model/name';

/** The initials of somebody in a ring, with a dot if they are online. */
export function Face({ name, online = null }: { readonly name: string; readonly online?: boolean | null }) {
  return (
    <span class="face" data-online={online} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
