import { Video } from 'lucide';
import type { App } from '../../model/app';
import type { Platform } from '../../platform/platform';
import { diagramWords } from '../../strings/diagram';
import { pageWords } from '../../strings/pages';
import { words } from '../../strings/strings';
import { ConnectionDiagram } from '../ui/connection-diagram';
import { Icon } from '../ui/icon';
import { inAppLink } from '../ui/in-app-link';
import { CodeField } from './code-field';

/** The start page: a new call, or one that you were given a link for. */
export function HomePage({ app, platform }: { readonly app: App; readonly platform: Platform }) {
  const { alice, bob, connection } = diagramWords;
  return (
    <main class="home">
      <div class="home-words">
        <h1 class="display">
          {pageWords.home.headline.map((part) => (
            <span key={part}>{part} </span>
          ))}
        </h1>
        <p class="lead">{pageWords.home.lead}</p>
        <div class="home-ways">
          <button type="button" class="button primary" onClick={() => app.newCall()}>
            <Icon node={Video} />
            {words.newCall}
          </button>
          <CodeField platform={platform} />
        </div>
        <div class="home-links">
          <a class="home-test" href={app.testPage} onClick={inAppLink(() => app.goToTest())}>
            {pageWords.home.test}
          </a>
          <a class="home-test" href="docs/use/">
            {pageWords.home.docs}
          </a>
        </div>
      </div>
      <ConnectionDiagram
        mine={{ name: alice, address: '203.0.113.7' }}
        theirs={{ name: bob, address: '198.51.100.4' }}
        state="direct"
        label={connection}
        described={diagramWords.described}
      />
    </main>
  );
}
