import type { App } from '../model/app';
import { words } from '../strings';
import { Mark } from './mark';

/** The mark and the name, which lead home. */
export function Header({ app }: { readonly app: App }) {
  const go = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    app.goHome();
  };
  return (
    <header class="header">
      <a class="brand" href={app.home} onClick={go}>
        <Mark />
        {words.product}
      </a>
    </header>
  );
}
