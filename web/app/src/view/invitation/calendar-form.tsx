import { ChevronDown } from 'lucide';
import { useState } from 'preact/hooks';
import type { Invitation } from '../../model/invitation/invitation';
import { invitationWords } from '../../strings/invitation';
import { Icon } from '../ui/icon';

const words = invitationWords.calendar;
const lengths = [30, 60, 90, 120];

/** A date, a time and a length, for a calendar file. */
export function CalendarForm({ invitation }: { readonly invitation: Invitation }) {
  const [suggested] = useState(() => invitation.suggestedStart().split('T'));
  const [date, setDate] = useState(suggested[0]);
  const [time, setTime] = useState(suggested[1]);
  const [minutes, setMinutes] = useState(60);
  const [problem, setProblem] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    setProblem(!invitation.save(`${date}T${time}`, minutes));
  };
  return (
    <form class="share-way" aria-label={words.heading} onSubmit={submit} noValidate>
      <div class="share-when">
        <label>
          {words.date}
          <input class="input" type="date" value={date} onInput={(event) => setDate(event.currentTarget.value)} />
        </label>
        <label>
          {words.time}
          <input class="input" type="time" value={time} onInput={(event) => setTime(event.currentTarget.value)} />
        </label>
        <label>
          {words.length}
          <span class="select">
            <select class="input" value={minutes} onInput={(event) => setMinutes(Number(event.currentTarget.value))}>
              {lengths.map((each) => (
                <option key={each} value={each}>
                  {words.minutes(each)}
                </option>
              ))}
            </select>
            <Icon node={ChevronDown} size={18} />
          </span>
        </label>
      </div>
      <p class="problem" role="alert">
        {problem && words.problem}
      </p>
      <button type="submit" class="button primary small">
        {words.save}
      </button>
      <p class="secondary">{words.note(invitation.sealed)}</p>
    </form>
  );
}
