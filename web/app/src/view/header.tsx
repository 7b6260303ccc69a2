import type { App } from '../model/app';
import { words } from '../strings';
import { follow } from './follow';
import { Mark } from './mark';

/** The mark and the name, which lead home. */
export function Header({ app }: { readonly app: App }) {
  return (
    <header class="header">
      <a class="brand" href={app.home} onClick={follow(() => app.goHome())}>
        <Mark />
        {words.product}
      </a>
    </header>
  );
}
