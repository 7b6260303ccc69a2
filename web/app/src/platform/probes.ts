/** The part of the SDK that only `/test` needs. */
export { probeStun, probeTurn } from '@eyeline/sdk';
