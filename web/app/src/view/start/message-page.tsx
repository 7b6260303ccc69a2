import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { App } from '../../model/app';
import { Mark } from '../ui/mark';
import { Header } from './header';

interface Props {
  readonly app: App;
  readonly title: string;
  readonly lead: string;
  /** Broken where something went wrong. */
  readonly line: 'looking' | 'lost';
  /** The ways on. */
  readonly children: ComponentChildren;
}

/** A page that only says something: the call is over, or there is nothing here. */
export function MessagePage({ app, title, lead, line, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="page">
      <Header app={app} />
      <main class="plain-page">
        <Mark line={line} />
        <h1 ref={heading} class="title" tabIndex={-1}>
          {title}
        </h1>
        <p class="lead">{lead}</p>
        <div class="plain-ways">{children}</div>
      </main>
    </div>
  );
}
