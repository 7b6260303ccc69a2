import { Video } from 'lucide';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { App } from '../../model/app';
import { Home } from '../../model/start/home';
import type { Platform } from '../../platform/platform';
import { diagramWords } from '../../strings/diagram';
import { pageWords } from '../../strings/pages';
import { words } from '../../strings/strings';
import { ConnectionDiagram } from '../ui/connection-diagram';
import { Icon } from '../ui/icon';
import { inAppLink } from '../ui/in-app-link';

/** The start page: a new call, or one that you were given a link for. */
export function HomePage({ app, platform }: { readonly app: App; readonly platform: Platform }) {
  const home = useMemo(() => new Home(platform), [platform]);
  const { alice, bob, line } = diagramWords;
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
          <button type="button" class="button primary" onClick={() => home.newCall()}>
            <Icon node={Video} />
            {words.newCall}
          </button>
          <CodeField home={home} />
        </div>
        <a class="home-test" href={app.testPage} onClick={inAppLink(() => app.goToTest())}>
          {pageWords.home.test}
        </a>
      </div>
      <ConnectionDiagram
        mine={{ name: alice, address: '203.0.113.7' }}
        theirs={{ name: bob, address: '198.51.100.4' }}
        state="direct"
        label={line}
      />
    </main>
  );
}

function CodeField({ home }: { readonly home: Home }) {
  const input = useRef<HTMLInputElement>(null);
  const problem = home.problem.value;
  useEffect(() => {
    if (problem !== null) input.current?.focus();
  }, [problem]);
  const submit = (event: Event) => {
    event.preventDefault();
    home.join();
  };
  return (
    <form class="code" onSubmit={submit} noValidate>
      <div class="code-field">
        <input
          ref={input}
          class="code-input"
          type="text"
          aria-label={pageWords.home.code}
          placeholder={pageWords.home.code}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          enterkeyhint="go"
          value={home.code.value}
          onInput={(event) => home.type(event.currentTarget.value)}
          aria-invalid={problem !== null}
          aria-describedby="code-problem"
        />
        <button type="submit" class="button quiet">
          {pageWords.home.join}
        </button>
      </div>
      <p id="code-problem" class="problem" role="alert">
        {problem !== null && pageWords.home.problem(problem)}
      </p>
    </form>
  );
}
