import type { App } from '../../model/app';
import { words } from '../../strings/strings';
import { inAppLink } from '../ui/in-app-link';
import { Mark } from '../ui/mark';

/** The mark and the product name, linked to the start page. */
export function Header({ app }: { readonly app: App }) {
  return (
    <header class="header">
      <a class="brand" href={app.home} onClick={inAppLink(() => app.goHome())}>
        <Mark />
        {words.product}
      </a>
    </header>
  );
}
