import { Video } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { App, BadLink } from '../../model/app';
import type { Platform } from '../../platform/platform';
import { diagramWords } from '../../strings/diagram';
import { pageWords } from '../../strings/pages';
import { badLinks, words } from '../../strings/strings';
import { ConnectionDiagram } from '../ui/connection-diagram';
import { Icon } from '../ui/icon';
import { inAppLink } from '../ui/in-app-link';
import { CodeField } from './code-field';
import { Page } from './page';

interface Props {
  readonly app: App;
  readonly at: BadLink;
  readonly platform: Platform;
}

/** A link that doesn't work: why, and what to do. */
export function BadLinkPage({ app, at, platform }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { alice, bob, broken } = diagramWords;
  return (
    <Page app={app}>
      <main class="home">
        <div class="home-words">
          <h1 ref={heading} class="title bad-title" tabIndex={-1}>
            {badLinks[at]}
          </h1>
          <p class="lead">{pageWords.badLink[at]}</p>
          {at === 'no-webrtc' ? (
            <div class="home-ways">
              <button type="button" class="button primary" onClick={() => app.goToTest()}>
                {pageWords.whatWorks}
              </button>
            </div>
          ) : (
            <div class="home-ways">
              {at !== 'insecure' && <CodeField platform={platform} />}
              <button type="button" class="button quiet" onClick={() => app.newCall()}>
                <Icon node={Video} />
                {words.newCall}
              </button>
            </div>
          )}
          <div class="home-links">
            <a class="home-test" href={app.home} onClick={inAppLink(() => app.goHome())}>
              {words.over.home}
            </a>
          </div>
        </div>
        <ConnectionDiagram
          mine={{ name: alice, address: '' }}
          theirs={{ name: bob, address: '' }}
          state="lost"
          label=""
          described={broken}
        />
      </main>
    </Page>
  );
}
