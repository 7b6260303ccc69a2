import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../../model/app';
import { Mark } from '../ui/mark';
import { Page } from './page';

interface Props {
  readonly app: App;
  readonly title: string;
  readonly lead: string;
  /** A second sentence, less important. */
  readonly more?: string;
  /** `lost` if something went wrong. */
  readonly connection: 'looking' | 'lost';
  /** Buttons. */
  readonly children: ComponentChildren;
}

/** A page with only a message, such as "The call is over". */
export function MessagePage({ app, title, lead, more = '', connection, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <Page app={app}>
      <main class="plain-page">
        <Mark connection={connection} />
        <h1 ref={heading} class="title" tabIndex={-1}>
          {title}
        </h1>
        <p class="lead">{lead}</p>
        {more !== '' && <p class="plain-more">{more}</p>}
        <div class="plain-ways">{children}</div>
      </main>
    </Page>
  );
}
