import { signal } from '@preact/signals';
import type { Identity } from '../platform/user-agent';
import type { PhoneCall } from './phone-call';

/**
 * Passing a call on to somebody else. `asking`: their phone was asked, and rings where it is passed on to. `consulting`: we
 * talk to the other person first.
 */
export type TransferState =
  | { readonly is: 'none' }
  | { readonly is: 'consulting'; readonly call: PhoneCall; readonly with: PhoneCall | null }
  | { readonly is: 'asking'; readonly call: PhoneCall; readonly to: Identity }
  | { readonly is: 'done'; readonly to: Identity }
  | { readonly is: 'failed'; readonly to: Identity; readonly status: number | null };

/** Call transfer (RFC 5589): blind, or attended, which is after a word with the other person. */
export class Transfer {
  readonly state = signal<TransferState>({ is: 'none' });

  /** Passes the call on without asking. */
  blind(call: PhoneCall, to: Identity): void {
    this.#refer(call, to, to.uri, []);
  }

  consult(call: PhoneCall): void {
    this.state.value = { is: 'consulting', call, with: null };
  }

  consulting(call: PhoneCall, other: PhoneCall | null): void {
    const state = this.state.peek();
    if (state.is !== 'consulting' || state.call !== call) return;
    const started = other !== null && other !== call;
    this.state.value = started ? { ...state, with: other } : { is: 'none' };
  }

  /** Connects the two, and leaves. */
  complete(): void {
    const state = this.state.peek();
    if (state.is !== 'consulting' || state.with === null || state.with.sip === null) return;
    this.#refer(state.call, state.with.remote, state.with.sip, [state.with]);
  }

  /** One of the calls has ended. */
  ended(call: PhoneCall): void {
    const state = this.state.peek();
    if (state.is === 'consulting' && (state.call === call || state.with === call)) this.state.value = { is: 'none' };
    if (state.is === 'asking' && state.call === call) this.state.value = { is: 'done', to: state.to };
  }

  /** What was said about it was seen. */
  forget(): void {
    const { is } = this.state.peek();
    if (is === 'done' || is === 'failed') this.state.value = { is: 'none' };
  }

  #refer(
    call: PhoneCall,
    to: Identity,
    target: Parameters<NonNullable<PhoneCall['sip']>['transfer']>[0],
    also: readonly PhoneCall[],
  ): void {
    call.hold(true);
    this.state.value = { is: 'asking', call, to };
    call.sip?.transfer(target, (event) => {
      if (this.state.peek().is !== 'asking') return;
      if (event.is === 'failed') {
        this.state.value = { is: 'failed', to, status: event.status };
        return;
      }
      this.state.value = { is: 'done', to };
      for (const each of [call, ...also]) each.hangUp();
    });
  }
}
