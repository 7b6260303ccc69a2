import { useEffect } from 'preact/hooks';
import type { Invitation } from '../../model/invitation/invitation';
import type { SpokenState } from '../../model/invitation/spoken-invitation';
import { invitationWords } from '../../strings/invitation';

const words = invitationWords.words;

/** Five words that lead here for some minutes. */
export function SpokenWords({ invitation }: { readonly invitation: Invitation }) {
  const spoken = invitation.spoken.value;
  useEffect(() => {
    if (invitation.spoken.peek() === null) invitation.say();
  }, [invitation]);
  const state: SpokenState = spoken?.state.value ?? { is: 'preparing' };
  return (
    <section class="share-way" aria-label={words.heading}>
      <div role="status">
        <Words state={state} host={invitation.host} />
      </div>
      <p class="secondary" role="status">
        {state.is === 'open' && words.taken(state.taken)}
      </p>
      {state.is === 'open' ? (
        <button type="button" class="button quiet small" onClick={() => spoken?.stop()}>
          {words.stop}
        </button>
      ) : (
        state.is !== 'preparing' && (
          <button type="button" class="button quiet small" onClick={() => invitation.say()}>
            {words.again}
          </button>
        )
      )}
    </section>
  );
}

function Words({ state, host }: { readonly state: SpokenState; readonly host: string }) {
  switch (state.is) {
    case 'preparing':
      return <p class="secondary">{words.making}</p>;
    case 'open':
      return (
        <>
          <p class="secondary">{words.open(host)}</p>
          <p class="spoken">{state.words.join(' ')}</p>
          <p class="secondary">{words.until(state.until)}</p>
        </>
      );
    case 'over':
      return <p class="secondary">{words.over}</p>;
    case 'failed':
      return <p class="problem">{state.code === 'unreachable' ? words.unreachable : words.failed}</p>;
  }
}
