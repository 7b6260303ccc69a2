/** What `/test` alone needs of the SDK. */
export { probeStun, probeTurn } from '@eyeline/sdk';
