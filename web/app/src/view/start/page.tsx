import type { ComponentChildren } from 'preact';
import type { App } from '../../model/app';
import type { Operator } from '../../platform/platform';
import { words } from '../../strings/strings';
import { Header } from './header';

/** A page outside a call: the header, its content, and at the foot who runs this server. */
export function Page({ app, children }: { readonly app: App; readonly children: ComponentChildren }) {
  return (
    <div class="page">
      <Header app={app} />
      {children}
      {app.operator !== null && <Footer operator={app.operator} />}
    </div>
  );
}

function Footer({ operator: { name, imprint, contact } }: { readonly operator: Operator }) {
  return (
    <footer class="footer">
      {name !== null && <span>{name}</span>}
      {imprint !== null && <a href={imprint}>{words.imprint}</a>}
      {contact !== null && <a href={contact}>{words.contact}</a>}
    </footer>
  );
}
