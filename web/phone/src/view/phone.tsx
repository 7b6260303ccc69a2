import { FocusKept } from '@eyeline/app/view/ui/focus-kept';
import type { Phone } from '../model/phone';
import type { Softphone } from '../model/softphone';
import { CallView } from './call';
import { Ended } from './ended';
import { Incoming } from './incoming';
import { List } from './list';
import { PersonPage, Ready } from './person';
import { SignIn } from './sign-in';

/** The page `/phone`. */
export function PhoneView({ phone }: { readonly phone: Phone }) {
  const softphone = phone.softphone.value;
  return (
    <>
      <FocusKept />
      {softphone === null ? <SignIn phone={phone} /> : <SignedIn phone={phone} softphone={softphone} />}
    </>
  );
}

function SignedIn({ phone, softphone }: { readonly phone: Phone; readonly softphone: Softphone }) {
  const { calls } = softphone;
  const [rings] = calls.incoming.value;
  const call = calls.current.value;
  const person = softphone.person.value;
  const covered = call !== null || rings !== undefined;
  return (
    <>
      <div class="phone" data-person={person !== null} inert={covered}>
        <List phone={phone} softphone={softphone} />
        <main class="phone-main">
          {person === null ? (
            <Ready phone={phone} softphone={softphone} />
          ) : (
            <PersonPage key={person.uri} phone={phone} softphone={softphone} person={person} />
          )}
        </main>
      </div>
      {call !== null && <CallView key={call.at} phone={phone} softphone={softphone} call={call} />}
      {call === null && rings !== undefined && <Incoming softphone={softphone} call={rings} />}
      {!covered && <Ended softphone={softphone} />}
    </>
  );
}
