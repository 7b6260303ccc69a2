import { words } from '@eyeline/app/strings/strings';
import { Mark } from '@eyeline/app/view/ui/mark';
import { useEffect, useRef } from 'preact/hooks';
import type { Phone } from '../model/phone';
import { phoneWords } from '../strings/phone';

/** The form to sign in. */
export function SignIn({ phone }: { readonly phone: Phone }) {
  const problem = phone.problem.value;
  const user = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const field = phone.user.peek() === '' ? user : password;
    if (problem !== null || !matchMedia('(pointer: coarse)').matches) field.current?.focus();
  }, [phone, problem]);
  const submit = (event: Event) => {
    event.preventDefault();
    phone.signIn();
  };
  return (
    <div class="page">
      <header class="header">
        <a class="brand" href={phone.platform.url}>
          <Mark />
          {words.product}
        </a>
      </header>
      <main class="sign-in">
        <form class="sign-in-form" onSubmit={submit} noValidate>
          <h1 class="title">{phoneWords.heading}</h1>
          <p class="secondary">{phoneWords.lead}</p>
          <div class="field">
            <label for="user">{phoneWords.user}</label>
            <input
              ref={user}
              id="user"
              class="input"
              type="text"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              value={phone.user.value}
              onInput={(event) => {
                phone.user.value = event.currentTarget.value;
              }}
              aria-invalid={problem !== null}
              aria-describedby="sign-in-problem"
            />
          </div>
          <div class="field">
            <label for="password">{phoneWords.password}</label>
            <input
              ref={password}
              id="password"
              class="input"
              type="password"
              autocomplete="current-password"
              enterkeyhint="go"
              value={phone.password.value}
              onInput={(event) => {
                phone.password.value = event.currentTarget.value;
              }}
              aria-invalid={problem !== null}
              aria-describedby="sign-in-problem"
            />
            <p id="sign-in-problem" class="problem" role="alert">
              {phone.platform.webrtc ? problem !== null && phoneWords.signInProblem[problem] : phoneWords.noWebrtc}
            </p>
          </div>
          <button type="submit" class="button primary" aria-disabled={!phone.platform.webrtc}>
            {phoneWords.signIn}
          </button>
        </form>
      </main>
    </div>
  );
}
